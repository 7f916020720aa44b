import type { PowerTarget } from '@autotest/core';
import { DeviceError, type PowerDevice, type PowerTry } from './power-device.ts';
import { runTool, toolMessage } from './run-tool.ts';
import { findProgram, programEnv } from './secret-file.ts';

/** What a program of the lab says by its exit code. */
const exitCodes = { notKnown: 64, transient: 75, auth: 77 };

/**
 * A program of the lab's own: `NAME on|off|cycle|reset|status HOST`, options of the URL as AUTOTEST_ARG_… in its environment. `status` prints on, off or unknown.
 * Exit codes as of sysexits: 0 done, 75 try again, 77 credentials refused, anything else failed.
 */
export function makeCommand(
  { name, options }: Extract<PowerTarget, { kind: 'command' }>,
  { host, env }: { readonly host: string; readonly env: NodeJS.ProcessEnv },
): PowerDevice {
  const run = async (word: string, call: PowerTry): Promise<string> => {
    const result = await runTool([findProgram(name, env), word, host], call, env, programEnv(options));
    if (result.exitCode === 0) return result.stdout.trim();
    const message = toolMessage(result);
    if (result.exitCode === exitCodes.auth) throw new DeviceError('auth', message);
    if (result.exitCode === exitCodes.notKnown)
      throw new DeviceError('refused', `it does not know ${word}: ${message}`);
    throw new DeviceError(result.exitCode === exitCodes.transient ? 'transient' : 'refused', message);
  };
  return {
    send: async (order, call) => void (await run(order, call)),
    status: async (call) => {
      const said = await run('status', call);
      return said === 'on' || said === 'off' ? said : 'unknown';
    },
  };
}
