import type { ExecutionContext } from '../execution/context.ts';
import { inNode } from '../execution/nodes.ts';
import { ClientLostError, UsageError } from '../errors.ts';
import { runClientSession } from '../session/run-client-session.ts';
import type { SessionEnd } from '../session/session.ts';
import type { PurposeEnd } from './run-purpose.ts';

/** Runs the job's control file: a client control file on each host, a server control file here. */
export async function runJob(context: ExecutionContext): Promise<PurposeEnd> {
  const { job, hosts } = context.spec;
  if (!job) throw new UsageError('The spec of this execution has no job.');
  if (job.controlType === 'server') {
    // Loaded on demand: most executions are of client control files and start faster without.
    const { runServerControl } = await import('../control/run-server-control.ts');
    return { clients: [await runServerControl(context, job)] };
  }
  const [only, ...others] = hosts;
  if (!only) throw new UsageError('A client control file needs a host.');
  const control = {
    bundle: { dir: job.bundleDir, hash: job.bundleHash, entry: job.entry, modules: job.modules },
    name: job.name,
    params: job.params,
  };
  if (others.length === 0)
    return { clients: [await runClientSession(context, { host: only, control, number: 1, scope: [], below: '' })] };

  const ends = await Promise.allSettled(
    hosts.map(async (host) => {
      let end: SessionEnd = {};
      await inNode(context.recorder, [host.name], { node: 'host', host: host.name, subdir: host.name }, async () => {
        end = await runClientSession(context, { host, control, number: 1, scope: [host.name], below: host.name });
        return hostResult(end);
      });
      return end;
    }),
  );
  const failed = ends.filter((end) => end.status === 'rejected');
  // The others went to their end all the same.
  const lost = failed.find(({ reason }) => reason instanceof ClientLostError) ?? failed[0];
  if (lost) throw lost.reason;
  return { clients: ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])) };
}

/** Outcome of a host's node from what its client said. */
export function hostResult(end: SessionEnd): {
  outcome: 'pass' | 'fail' | 'error' | 'warn' | 'skip' | 'abort' | 'timeout' | 'unknown';
  reason?: string;
} {
  const reason = end.reason ?? end.cause?.message;
  const outcome = isOutcome(end.outcome) ? end.outcome : end.exitClass === 'clean' ? 'pass' : 'error';
  return { outcome, ...(reason !== undefined && { reason }) };
}

function isOutcome(value: string | undefined): value is ReturnType<typeof hostResult>['outcome'] {
  return (
    value !== undefined && ['pass', 'fail', 'error', 'warn', 'skip', 'abort', 'timeout', 'unknown'].includes(value)
  );
}
