import type { Connection, SubmittedJob } from '@autotest/graphql/client';
import { readJob, type WholeJob } from './job-report.ts';
import { submitInput } from './submit.ts';

/** Submits a job again: the same bundle, parameters and wishes, on the hosts it named or on as many to be chosen. */
export async function rerunJob(
  server: Connection,
  id: string,
  options: { sameHosts: boolean },
): Promise<SubmittedJob['job']> {
  const job = await readJob(server, id);
  const named = job.entries.filter((entry) => entry.host !== null && (options.sameHosts || entry.named));
  return submitInput(server, {
    bundleHash: job.control.bundleHash,
    name: job.name,
    hosts: hostsOf(named),
    anyHosts: job.entries.filter((entry) => !entry.hostless).length - named.length,
    needs: job.needs,
    params: job.params,
    keyvals: job.keyvals,
    priority: job.priority,
    timeout: job.timeout,
    maxRuntime: job.maxRuntime,
  });
}

function hostsOf(entries: WholeJob['entries']): string[] {
  return entries.flatMap(({ host }) => host?.name ?? []);
}
