import type { Connection, OneTimeHostInput, SubmittedJob } from '@autotest/graphql/client';
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
    hosts: named.flatMap(({ host }) => (host === null || host.oneTime ? [] : host.name)),
    oneTimeHosts: named.flatMap(({ host }) => (host?.oneTime ? oneTimeHost(host) : [])),
    anyHosts: job.entries.filter((entry) => !entry.hostless).length - named.length,
    needs: job.needs,
    params: job.params,
    keyvals: job.keyvals,
    priority: job.priority,
    timeout: job.timeout,
    maxRuntime: job.maxRuntime,
    idleTimeout: job.idleTimeout,
    retries: job.retries,
    infraRetries: job.infraRetries,
    sameValueOf: job.sameValueOf,
    provision: job.provision,
    pool: job.pool,
    reserveOn: job.reserveOn,
    ...(job.reserveOn !== 'never' && { reserveFor: job.reserveFor }),
  });
}

function oneTimeHost({ address, port, user }: NonNullable<WholeJob['entries'][number]['host']>): OneTimeHostInput {
  return { address, port, user };
}
