import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { logLevels, messageOf, systemClock, type Log } from '@autotest/core';
import { openDatabase } from '@autotest/core/db';
import { createServerLog, startTelemetry } from '@autotest/core/telemetry';
import { UsageError } from './errors.ts';
import { executorNames } from './executors/executor.ts';
import type { ExecutionOptions } from './options.ts';
import type { ResultsServerOptions } from './results-server/results-server.ts';
import { startDispatcher } from './loop/dispatcher.ts';
import { startNotifier, type Notifier } from './notify/notifier.ts';
import { notifierConfigOf } from './notify/options.ts';
import { startRecurring } from './recur/recurring.ts';
import { dispatcherChecks } from './telemetry/checks.ts';

const help = `Usage: autotest-dispatcher [options]

Gives queued jobs their hosts, starts and watches executions. Runs until it gets SIGTERM or SIGINT; what runs then goes on
and is taken up by the next start.

  --data DIR          directory of results and bundles (default: $XDG_DATA_HOME/autotest)
  --database URL      sqlite:FILE, mysql://… or mariadb://… (default: sqlite:<data>/autotest.db)
  --id NAME           name of this dispatcher (default: host name and a hash of the data directory)
  --autoserv FILE     autoserv as one file (default: the installed one)
  --executor NAME     what carries new executions out: ${executorNames.join(' or ')} (default: local)
  --warm N            local autoservs that wait for an execution, at most; 0: none (default: 4)
  --max-starts-per-second N    executions started a second, at most (default: no limit)
  --slurm-partition NAME, --slurm-account NAME    for executions on Slurm (default: the cluster's, the user's)
  --slurm-option OPTION    one more option of sbatch, such as --slurm-option=--qos=low; may be repeated
  --slurm-conf FILE   slurm.conf of the cluster (default: SLURM_CONF, then where Slurm looks)
  --log-level LEVEL   ${logLevels.join(', ')} (default: info)
  --log-json          log JSON lines
  --metrics-port PORT serve /metrics, /healthz and /readyz there; 0 takes any (default: $AUTOTEST_METRICS_PORT, else none)
  --metrics-host ADDRESS
                      address for them (default: 127.0.0.1); everybody who reaches it may read
  --results-port PORT serve the results on this machine there to API servers elsewhere; 0 takes any (default: not served)
  --results-host ADDRESS
                      address for them (default: 127.0.0.1)
  --results-url URL   under which API servers reach them, such as https://… of a proxy (default: address and port)
  --abort-running     abort what runs when stopping
  --no-notify         send no mails and webhooks from here
  --help
`;

/** The program autotest-dispatcher. Gives its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const values = readArguments(args);
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    await run(values);
    return 0;
  } catch (error) {
    process.stderr.write(`autotest-dispatcher: ${messageOf(error)}\n`);
    return error instanceof UsageError ? 64 : 2;
  }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        database: { type: 'string' },
        id: { type: 'string' },
        autoserv: { type: 'string' },
        executor: { type: 'string' },
        warm: { type: 'string' },
        'max-starts-per-second': { type: 'string' },
        'slurm-partition': { type: 'string' },
        'slurm-account': { type: 'string' },
        'slurm-option': { type: 'string', multiple: true },
        'slurm-conf': { type: 'string' },
        'log-level': { type: 'string' },
        'log-json': { type: 'boolean' },
        'metrics-port': { type: 'string' },
        'metrics-host': { type: 'string' },
        'results-port': { type: 'string' },
        'results-host': { type: 'string' },
        'results-url': { type: 'string' },
        'abort-running': { type: 'boolean' },
        'no-notify': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error);
  }
}

type Values = ReturnType<typeof readArguments>;

async function run(values: Values): Promise<void> {
  const execution = executionOptions(values);
  const results = resultsOptions(values);
  const dataDir = values.data ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'autotest');
  const log = makeLog(values['log-level'], values['log-json']);
  const stopped = nextSignal();
  const telemetry = await startTelemetry({
    service: 'autotest-dispatcher',
    log,
    port: portOf('metrics-port', values['metrics-port'] ?? process.env.AUTOTEST_METRICS_PORT),
    host: values['metrics-host'],
  });
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const database = await openDatabase(values.database ?? `sqlite:${join(dataDir, 'autotest.db')}`, { migrate: true });
    let notifier: Notifier | undefined;
    try {
      const { metrics, tracing, checks } = telemetry;
      if (!values['no-notify'])
        notifier = startNotifier({ database, log, metrics, config: notifierConfigOf(process.env) });
      const dispatcher = await startDispatcher({
        database,
        dataDir,
        log,
        execution,
        results,
        metrics,
        tracing,
        health: checks.health,
        ...(values.id !== undefined && { dispatcherId: values.id }),
        ...(values.autoserv !== undefined && { autoservPath: values.autoserv }),
      });
      checks.add(...dispatcherChecks(database, dispatcher.id));
      const recurring = startRecurring({ database, clock: systemClock, log });
      telemetry.started();
      await stopped;
      telemetry.stopping();
      await recurring.stop();
      await dispatcher.stop({ abortRunning: values['abort-running'] ?? false });
    } finally {
      await notifier?.stop();
      await database.close();
    }
  } finally {
    await telemetry.close();
  }
}

function executionOptions(values: Values): ExecutionOptions {
  const { executor = 'local' } = values;
  const known = executorNames.find((name) => name === executor);
  if (!known) throw new UsageError(`'${executor}' carries out no executions; use ${executorNames.join(' or ')}`);
  const max = numberOf(values, 'warm', 0);
  const maxStartsPerSecond = numberOf(values, 'max-starts-per-second', Number.MIN_VALUE);
  return {
    executor: known,
    ...(max !== undefined && { warm: { max: Math.floor(max) } }),
    ...(maxStartsPerSecond !== undefined && { maxStartsPerSecond }),
    slurm: {
      ...(values['slurm-partition'] !== undefined && { partition: values['slurm-partition'] }),
      ...(values['slurm-account'] !== undefined && { account: values['slurm-account'] }),
      ...(values['slurm-option'] !== undefined && { options: values['slurm-option'] }),
      ...(values['slurm-conf'] !== undefined && { confFile: values['slurm-conf'] }),
    },
  };
}

function resultsOptions(values: Values): ResultsServerOptions | undefined {
  const port = portOf('results-port', values['results-port']);
  const { 'results-host': host, 'results-url': url } = values;
  if (port === undefined && (host ?? url) !== undefined)
    throw new UsageError('--results-host and --results-url go with --results-port');
  return port === undefined ? undefined : { port, host, url };
}

function numberOf(values: Values, name: 'warm' | 'max-starts-per-second', least: number): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number >= least) return number;
  throw new UsageError(`--${name} takes a number, not '${text}'`);
}

function makeLog(level: string | undefined, isJson: boolean | undefined): Log {
  const known = logLevels.find((one) => one === (level ?? 'info'));
  if (!known) throw new UsageError(`'${level}' is no log level; use ${logLevels.join(', ')}`);
  return createServerLog({ program: 'autotest-dispatcher', level: known, format: isJson ? 'json' : 'text' });
}

function portOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new UsageError(`'${text}' is no port for --${option}; use 0 to 65535`);
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
