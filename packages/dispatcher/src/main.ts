import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog, logLevels, messageOf, type Log } from '@autotest/core';
import { openDatabase } from '@autotest/core/db';
import { UsageError } from './errors.ts';
import { startDispatcher } from './loop/dispatcher.ts';

const help = `Usage: autotest-dispatcher [options]

Gives queued jobs their hosts, starts and watches executions. Runs until it gets SIGTERM or SIGINT; what runs then goes on
and is taken up by the next start.

  --data DIR          directory of results and bundles (default: $XDG_DATA_HOME/autotest)
  --database URL      sqlite:FILE, mysql://… or mariadb://… (default: sqlite:<data>/autotest.db)
  --id NAME           name of this dispatcher (default: host name and a hash of the data directory)
  --autoserv FILE     autoserv as one file (default: the installed one)
  --log-level LEVEL   ${logLevels.join(', ')} (default: info)
  --log-json          log JSON lines
  --abort-running     abort what runs when stopping
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
        'log-level': { type: 'string' },
        'log-json': { type: 'boolean' },
        'abort-running': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error);
  }
}

async function run(values: ReturnType<typeof readArguments>): Promise<void> {
  const dataDir = values.data ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'autotest');
  const log = makeLog(values['log-level'], values['log-json']);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const stopped = nextSignal();
  const database = await openDatabase(values.database ?? `sqlite:${join(dataDir, 'autotest.db')}`, { migrate: true });
  try {
    const dispatcher = await startDispatcher({
      database,
      dataDir,
      log,
      ...(values.id !== undefined && { dispatcherId: values.id }),
      ...(values.autoserv !== undefined && { autoservPath: values.autoserv }),
    });
    await stopped;
    await dispatcher.stop({ abortRunning: values['abort-running'] ?? false });
  } finally {
    await database.close();
  }
}

function makeLog(level: string | undefined, isJson: boolean | undefined): Log {
  const known = logLevels.find((one) => one === (level ?? 'info'));
  if (!known) throw new UsageError(`'${level}' is no log level; use ${logLevels.join(', ')}`);
  return createLog({
    level: known,
    format: isJson ? 'json' : 'text',
    write: (line) => process.stderr.write(`${line}\n`),
  });
}

function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
