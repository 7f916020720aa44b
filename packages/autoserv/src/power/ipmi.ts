import type { CommandResult, PowerTarget } from '@autotest/core';
import { DeviceError, type PowerDevice, type PowerTry } from './power-device.ts';
import { runTool, toolMessage } from './run-tool.ts';
import { readSecret } from './secret-file.ts';

/** A BMC that does not answer makes ipmitool hang for more than 20 s: one try has no longer than this. */
const tryMs = 10_000;

/** A BMC, through ipmitool. The password goes by a file; the arguments of a process are for everybody to read. */
export function makeIpmi(
  target: Extract<PowerTarget, { kind: 'ipmi' }>,
  { env }: { readonly env: NodeJS.ProcessEnv },
): PowerDevice {
  const run = async (words: readonly string[], call: PowerTry): Promise<string> => {
    const { path } = readSecret(target.passwordFile, env);
    // Only then it says why there is no session: a wrong password looks like a dead BMC otherwise.
    const argv = ['ipmitool', '-v', ...ipmiArguments(target, path), ...words];
    const result = await runTool(argv, { ...call, leftMs: Math.min(call.leftMs, tryMs) }, env);
    if (result.exitCode === 0) return result.stdout;
    throw failure(result);
  };
  return {
    send: async (order, call) => void (await run(['chassis', 'power', order === 'nmi' ? 'diag' : order], call)),
    status: async (call) => {
      const said = /Chassis Power is (on|off)/.exec(await run(['chassis', 'power', 'status'], call))?.[1];
      return said === 'on' || said === 'off' ? said : 'unknown';
    },
  };
}

/** Without `-C` some versions ask for cipher suites and wait 10 s for a BMC that does not tell them. */
export function ipmiArguments(
  target: {
    readonly address: string;
    readonly port: number;
    readonly user: string;
    readonly cipher: number;
    readonly interface?: string;
  },
  passwordFile: string,
): string[] {
  const words = {
    '-I': target.interface ?? 'lanplus',
    '-H': target.address,
    '-p': String(target.port),
    '-U': target.user,
    '-f': passwordFile,
    '-C': String(target.cipher),
    // Two tries of two seconds.
    '-N': '2',
    '-R': '2',
  };
  return Object.entries(words).flat();
}

function failure(result: CommandResult): DeviceError {
  if (/ENOENT/.test(result.stderr) && result.exitCode === undefined)
    return new DeviceError('refused', 'ipmitool is not installed on this machine');
  // Its own noise comes first.
  const stderr = result.stderr.replace(
    /^(?:Loading IANA|Running Get |Invalid completion code|Discovered IPMB).*\n/gm,
    '',
  );
  const message = toolMessage({ ...result, stderr });
  // RAKP 2 is where the BMC proves that it knows the same password.
  if (/RAKP 2 (HMAC|message indicates)|unauthorized name|Insufficient privilege/i.test(stderr))
    return new DeviceError('auth', message);
  // Many BMCs are slow to take an order after another, and answer again later.
  return new DeviceError(/Invalid (command|data field)|not supported/i.test(stderr) ? 'refused' : 'transient', message);
}
