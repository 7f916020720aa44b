import type { NewJob } from '../db/database.ts';

/** A submission with everything that the database wants, without hosts, reboots and limits. Its bundle must be put there first. */
export function newJob(more: Partial<NewJob> & Pick<NewJob, 'bundleHash'>): NewJob {
  return {
    name: 'hello',
    owner: 'ada',
    priority: 10,
    metadata: { name: 'hello', author: 'Ada', doc: 'Says hello.', type: 'client' },
    params: {},
    keyvals: {},
    syncCount: 1,
    runVerify: true,
    rebootBefore: 'never',
    rebootAfter: 'never',
    timeoutMs: 0,
    maxRuntimeMs: 0,
    hostIds: [],
    anyHosts: 0,
    ...more,
  };
}
