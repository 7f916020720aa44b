import type { PowerState, PowerTarget } from '@autotest/core';
import { DeviceError, type PowerDevice, type PowerOrder, type PowerTry } from './power-device.ts';
import { runTool, toolMessage } from './run-tool.ts';

const commands: Readonly<Record<PowerOrder, string>> = {
  on: 'start',
  off: 'destroy',
  cycle: 'reset',
  reset: 'reset',
  nmi: 'inject-nmi',
};

/** A virtual machine of libvirt, through virsh. */
export function makeLibvirt(
  { domain, connect }: Extract<PowerTarget, { kind: 'libvirt' }>,
  { env }: { readonly env: NodeJS.ProcessEnv },
): PowerDevice {
  const virsh = async (command: string, call: PowerTry): Promise<string> => {
    const result = await runTool(['virsh', '--quiet', '--connect', connect, command, '--domain', domain], call, env);
    if (result.exitCode === 0) return result.stdout.trim();
    const message = toolMessage(result);
    if (/ENOENT/.test(message) && result.exitCode === undefined)
      throw new DeviceError('refused', 'virsh is not installed on this machine');
    if (/authentication failed|permission denied/i.test(message)) throw new DeviceError('auth', message);
    throw new DeviceError(/connect|timed? ?out|busy/i.test(message) ? 'transient' : 'refused', message);
  };
  const status = async (call: PowerTry): Promise<PowerState> => {
    const state = await virsh('domstate', call);
    if (/^(shut off|crashed)/.test(state)) return 'off';
    return /^(running|idle|paused|pmsuspended|in shutdown)/.test(state) ? 'on' : 'unknown';
  };
  return {
    status,
    send: async (order, call) => {
      // virsh takes a start of what runs, and a destroy of what does not, for errors.
      if ((order === 'on' || order === 'off') && (await status(call)) === order) return;
      await virsh(commands[order], call);
    },
  };
}
