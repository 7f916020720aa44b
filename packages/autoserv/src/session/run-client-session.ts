import type { HostSpec, JsonValue } from '@autotest/core';
import { HostLostError, UsageError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { closeOpenNodes } from '../execution/nodes.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { powerOf } from '../power/power-of.ts';
import { powerRung } from '../reboot/rungs.ts';
import { collectCrashInfo } from '../crash/collect.ts';
import { triggerOf } from '../crash/triggers.ts';
import type { Wake } from './boot-wait.ts';
import { sessionName } from './host-paths.ts';
import { Session, type SessionEnd } from './session.ts';

export interface ClientControl {
  readonly bundle: {
    readonly dir: string;
    readonly hash: string;
    readonly entry: string;
    readonly modules: Readonly<Record<string, string>>;
    /** Text of a control file that was made for this session; `entry` is not run then. */
    readonly source?: string;
  };
  readonly name: string;
  readonly params: Readonly<Record<string, JsonValue>>;
}

export interface ClientSessionOptions {
  readonly host: HostSpec;
  readonly control: ClientControl;
  /** From 1, per host. */
  readonly number: number;
  readonly scope: readonly string[];
  readonly below: string;
  /** Gives the client's outermost nodes the names they have in the scope. */
  readonly rename?: (name: string) => string;
}

/** Runs a client control file on a host to its end; where that goes wrong, gathers what the host can tell and closes what the client left open. */
export async function runClientSession(context: ExecutionContext, options: ClientSessionOptions): Promise<SessionEnd> {
  const { recorder } = context;
  const { host, scope } = options;
  const connection = connectionOf(context, host.name);
  recorder.append({ kind: 'phase', phase: 'connecting', host: host.name }, scope);
  await connection.connect({ signal: context.stopper.signal });
  const session = makeSession(context, connection, options);
  try {
    const end = await session.run();
    recorder.append({ kind: 'phase', phase: 'collecting', host: host.name }, scope);
    await lookBack(context, session, connection, end);
    await session.clean();
    recorder.append({ kind: 'phase', phase: 'done', host: host.name }, scope);
    return end;
  } catch (error) {
    // What goes wrong on the way out never takes the place of what went wrong first.
    await afterFailure(context, session, connection, scope, error).catch(() => {});
    throw error;
  } finally {
    session.close();
  }
}

/** After a client that said its last word: what ended it may be worth a look at the host. */
async function lookBack(
  context: ExecutionContext,
  session: Session,
  connection: HostConnection,
  end: SessionEnd,
): Promise<void> {
  if (end.exitClass === 'timedOut' && isHang(end)) {
    await collectCrashInfo(
      context,
      connection,
      'hung',
      end.cause?.message ?? end.reason ?? 'nothing happened any more',
    );
  } else if (!(await session.leave())) {
    await collectCrashInfo(context, connection, 'dumps', 'crash dumps came to be on the host while the job ran');
  }
}

/** The client's own words for its idle timeout. */
function isHang({ cause, reason }: SessionEnd): boolean {
  return (cause?.message ?? reason ?? '').startsWith('No output and no result');
}

async function afterFailure(
  context: ExecutionContext,
  session: Session,
  connection: HostConnection,
  scope: readonly string[],
  error: unknown,
): Promise<void> {
  const { recorder, stopper } = context;
  const reason = error instanceof Error ? error.message : String(error);
  // Asked for twice: what runs was killed, and nothing is waited for.
  if (!stopper.hard.aborted) {
    await collectCrashInfo(context, connection, triggerOf(error, stopper.request), reason);
    if (!(error instanceof HostLostError)) await session.clean(stopper.limits.gatherMs).catch(() => {});
  }
  closeOpenNodes(recorder, stopper.request?.kind === 'timedOut' ? 'timeout' : 'abort', reason, scope);
}

/** @throws UsageError for a host that the execution does not hold */
export function connectionOf(context: ExecutionContext, host: string): HostConnection {
  const connection = context.connections.get(host);
  if (connection) return connection;
  throw new UsageError(
    `This execution holds no host ${host}; it holds ${[...context.connections.keys()].join(', ') || 'none'}.`,
  );
}

export function makeSession(
  context: ExecutionContext,
  connection: HostConnection,
  options: ClientSessionOptions,
): Session {
  const { spec, recorder, stopper, settings } = context;
  const { host, control, number, scope, below, rename } = options;
  const { deadlineAt, idleTimeoutMs, maxResultsBytes } = spec.limits;
  return new Session({
    connection,
    recorder,
    stopper,
    resultsDir: spec.resultsDir,
    name: sessionName(spec.resultsDir, host.name, number),
    label: number === 1 ? host.name : `${host.name}.${number}`,
    scope,
    below,
    ...(rename && { rename }),
    clientFile: settings.clientFile,
    bundle: control.bundle,
    control: { name: control.name },
    about: {
      tag: spec.tag,
      epoch: spec.epoch,
      params: control.params,
      ...(spec.job && {
        job: { id: spec.job.id, name: spec.job.name, owner: spec.job.owner, keyvals: spec.job.keyvals },
      }),
      ...(spec.job?.traceParent !== undefined && {
        trace: { parent: spec.job.traceParent, ...(rename === undefined && { scope }) },
      }),
      testDirs: settings.testDirs,
      ...(deadlineAt !== undefined && { deadlineAt }),
      ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
      maxResultsBytes,
    },
    rebootMs: settings.rebootMs,
    wake: wakeOf(context, host),
    onGrowth: context.active,
  });
}

/** Power is cycled only where nothing protects the host. */
function wakeOf(context: ExecutionContext, host: HostSpec): Wake | undefined {
  const [rung] = powerRung(host, powerOf(context, host));
  const act = rung?.act;
  return act && { afterMs: context.settings.bootMs, cycle: act };
}
