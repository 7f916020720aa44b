import type { ExecutionContext } from '../execution/context.ts';
import { closeOpenNodes } from '../execution/nodes.ts';
import { causeOf } from '../errors.ts';
import { collectCrashInfo } from '../crash/collect.ts';
import { connectionOf, makeSession } from '../session/run-client-session.ts';
import { sessionDirectory } from '../session/host-paths.ts';

/** Sessions of one execution on one host that are looked for. */
const maxSessions = 20;

/**
 * Collects what a lost execution left behind, into the same results directory: stops the clients, fetches what they wrote to the last byte, asks the hosts
 * what happened, and closes every node that is still open. A host that cannot be reached is noted; the rest goes on.
 */
export async function gather(context: ExecutionContext): Promise<void> {
  const { recorder, spec } = context;
  const reason = 'autoserv was killed: the execution ended in the middle of this';
  await Promise.all(
    spec.hosts.map(async (host) => {
      recorder.append({ kind: 'phase', phase: 'collecting', host: host.name });
      try {
        await gatherHost(context, host.name);
      } catch (error) {
        recorder.append({ kind: 'fault', ...causeOf(error), host: host.name });
      }
    }),
  );
  closeOpenNodes(recorder, 'abort', reason);
}

async function gatherHost(context: ExecutionContext, name: string): Promise<void> {
  const { spec, recorder } = context;
  const host = spec.hosts.find((candidate) => candidate.name === name);
  if (!host) return;
  const connection = connectionOf(context, name);
  const several = spec.hosts.length > 1 || spec.job?.controlType === 'server';
  try {
    for (let number = 1; number <= maxSessions; number++) {
      const label = number === 1 ? name : `${name}.${number}`;
      const place = {
        scope: recorder.scopeOfSession(label) ?? (several ? [name] : []),
        below: several ? sessionDirectory(name, number) : '',
      };
      const control = { bundle: { dir: '', hash: '', entry: '', modules: {} }, name: '', params: {} };
      const session = makeSession(context, connection, { host, control, number, ...place });
      try {
        if (!(await session.gather())) break;
        await session.clean();
      } finally {
        session.close();
      }
    }
  } finally {
    await collectCrashInfo(context, connection, 'gathered', 'autoserv was killed before the execution ended');
  }
}
