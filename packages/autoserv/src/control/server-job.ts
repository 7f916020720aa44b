import { hostname } from 'node:os';
import {
  NotSupportedError,
  type Host,
  type HostResult,
  type HostSpec,
  type ServerJob,
  type SpecJob,
  type TestOutcome,
} from '@autotest/core';
import { makeJobBase, type ControlRuntime } from '@autotest/core/runtime';
import { UsageError } from '../errors.ts';
import { makeConnections, type ExecutionContext } from '../execution/context.ts';
import { connectionOf } from '../session/run-client-session.ts';
import { Barriers } from './barriers.ts';
import { ClientRuns, type RunTarget } from './client-runs.ts';
import { HostLog } from './host-log.ts';
import { ServerHost } from './server-host.ts';

/** Makes the `job` that a server control file gets. `dispose` deletes what its hosts were lent. */
export function makeServerJob(
  context: ExecutionContext,
  runtime: ControlRuntime,
  specJob: SpecJob,
): { job: ServerJob; dispose: () => Promise<void> } {
  const { spec } = context;
  const { deadlineAt } = spec.limits;
  const barriers = new Barriers();
  const runs = new ClientRuns(context, runtime, specJob);
  const log = new HostLog(spec.resultsDir, context.active);
  const base = makeJobBase(runtime, {
    id: specJob.id,
    name: specJob.name,
    tag: spec.tag,
    signal: runtime.options.signal,
    deadline: deadlineAt === undefined ? undefined : new Date(deadlineAt),
    resultsDir: spec.resultsDir,
    config: {},
    env: {
      CI: 'true',
      JOB_ID: String(specJob.id),
      RESULT_DIR: spec.resultsDir,
      ...(specJob.traceParent !== undefined && { TRACEPARENT: specJob.traceParent }),
    },
    onOutput: (chunk) => log.write('server', chunk),
  });
  const hosts = spec.hosts.map(
    (host) =>
      new ServerHost({
        context,
        runtime,
        runs,
        log,
        connection: connectionOf(context, host.name),
        target: { spec: host, sessions: 0 },
      }),
  );
  const here = thisMachine(context);
  const host = (name: string): ServerHost => {
    const found = hosts.find((candidate) => candidate.name === name);
    if (found) return found;
    throw new UsageError(
      `This execution holds no host ${name}; it holds ${hosts.map((one) => one.name).join(', ') || 'none'}.`,
    );
  };
  const onEach = async <T>(
    chosen: readonly Host[],
    fn: (host: Host) => Promise<T>,
    limits: { concurrency?: number; failures?: 'throw' | 'collect' } = {},
  ): Promise<readonly HostResult<T>[]> => {
    const branches = chosen.map((one) => ({
      name: one.name,
      run: () => fn(one),
      options: { host: one.name, subdir: one.name },
    }));
    const settled = await runtime.branches('host', branches, limits.concurrency ?? 100);
    const errors = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (errors.length > 0 && limits.failures !== 'collect')
      throw new AggregateError(errors, `${errors.length} of ${chosen.length} hosts failed`);
    return chosen.map((one, index) => toHostResult(one, settled[index]));
  };
  const job: ServerJob = {
    ...base,
    hosts,
    host,
    onEach,
    barrier: (name, options) =>
      runtime.step('barrier', name, () => barriers.meet(name, options, runtime.options.signal)),
    runTest: (nameOrPath, params, options) => runs.runTest(here, nameOrPath, params, options),
    runCommand: (name, argv, options) => runs.runCommand(here, name, argv, options),
    runClientControl: (path, { hosts: chosen = hosts, params, background, timeout } = {}) => {
      if (background)
        throw new NotSupportedError(
          'runClientControl({ background: true })',
          'Put it into a branch of job.parallel().',
        );
      if (timeout !== undefined)
        throw new NotSupportedError(
          'runClientControl({ timeout })',
          'Give the tests in it their own timeouts, or the job one.',
        );
      return onEach<TestOutcome>(chosen, (one) => host(one.name).runControl(path, params), { failures: 'collect' });
    },
    sysinfo: {
      addCommand: () => {
        throw new NotSupportedError('job.sysinfo in server control', 'Use it in a client control file.');
      },
      addFile: () => {
        throw new NotSupportedError('job.sysinfo in server control', 'Use it in a client control file.');
      },
    },
  };
  // A control file that heeds nothing must not keep what it started on the hosts.
  const onHard = (): void => hosts.forEach((one) => void one.killAll().catch(() => {}));
  context.stopper.hard.addEventListener('abort', onHard, { once: true });
  return {
    job,
    dispose: async () => {
      await Promise.allSettled(hosts.map((one) => one.dispose()));
      context.stopper.hard.removeEventListener('abort', onHard);
      log.close();
    },
  };
}

function toHostResult<T>(host: Host, result: PromiseSettledResult<T> | undefined): HostResult<T> {
  if (result?.status === 'fulfilled') return { host, value: result.value };
  return { host, error: result?.reason };
}

/** The machine autoserv runs on, as a host for tests of the server control file itself. Never the name of a host that the execution holds. */
function thisMachine(context: ExecutionContext): RunTarget {
  const spec: HostSpec = {
    name: `server.${hostname()}`,
    transport: 'local',
    address: 'localhost',
    port: 0,
    user: '',
    hostKeys: [],
    labels: [],
    attributes: {},
    protection: 'doNotRepair',
  };
  const connections = makeConnections(
    { ...context.spec, hosts: [spec] },
    context.settings,
    (body) => void context.recorder.append(body),
    context.env,
  );
  for (const [name, connection] of connections) context.connections.set(name, connection);
  return { spec, sessions: 0 };
}
