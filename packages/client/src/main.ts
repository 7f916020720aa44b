import { parseArgs } from 'node:util';
import { AutotestError, messageOf } from '@autotest/core';
import { followSession } from './commands/follow.ts';
import { runSession } from './commands/run.ts';
import { startSession } from './commands/start.ts';
import { cleanSession, stopSession } from './commands/stop.ts';
import { runTestChild } from './test-process/child.ts';

const usage = 'Usage: client.mjs run|start|follow|stop|clean --session DIR [--start] [--grace SECONDS] [--reason TEXT]';

/** The program on the host. Prints one JSON line, or frames (`follow`). */
export async function main(args: readonly string[], program: string): Promise<void> {
  const [command = '', ...rest] = args;
  if (command === 'test') return runTestChild();
  try {
    const { session, start, grace, reason } = parseArgs({
      args: rest,
      options: {
        session: { type: 'string' },
        start: { type: 'boolean', default: false },
        grace: { type: 'string', default: '30' },
        reason: { type: 'string', default: 'the job was stopped' },
      },
    }).values;
    if (session === undefined) throw new AutotestError('AT_USAGE', usage);
    const ending = { graceMs: Number(grace) * 1000, reason };
    switch (command) {
      case 'run':
        return process.exit(await runSession(session, program));
      case 'start':
        print(await startSession(session, program));
        return process.exit(0);
      case 'follow':
        return await followSession(session, start ? program : undefined);
      case 'stop':
        return print(await stopSession(session, ending));
      case 'clean':
        return print(await cleanSession(session, ending));
      default:
        throw new AutotestError('AT_USAGE', usage);
    }
  } catch (error) {
    const code = error instanceof AutotestError ? error.code : 'AT_INTERNAL';
    process.stderr.write(`${JSON.stringify({ code, message: messageOf(error) })}\n`);
    process.exit(code === 'AT_USAGE' ? 64 : 1);
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
