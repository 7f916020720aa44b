import { sleep } from '@autotest/core';
import type { RunCommand } from './session.ts';

const maxSeconds = 3600;

/**
 * A shell that knows a few commands and starts no process: `true`, `false`, `echo`, `hostname`, `id`, `uname`, `sleep`, `exit`, `reboot` and `cat` of the boot id, joined by `;`, `&&` and
 * `||`. Anything else is not found (exit code 127).
 */
export const emulatedShell: RunCommand = async (host, command, channel, signal) => {
  const parts = command.split(/(;|&&|\|\||\n)/).map((part) => part.trim());
  let code = 0;
  for (let at = 0; at < parts.length; at += 2) {
    const joined = parts[at - 1];
    if ((joined === '&&' && code !== 0) || (joined === '||' && code === 0) || parts[at] === '') continue;
    const [name = '', ...args] = (parts[at] ?? '').split(/\s+/).map(unquote);
    if (name === 'exit') return Number(args[0] ?? code) & 255;
    const builtIn = builtIns[name];
    if (builtIn === undefined) channel.stderr.write(`sh: 1: ${name.slice(0, 200)}: not found\n`);
    code = builtIn === undefined ? 127 : await builtIn({ host, args, print: (text) => channel.write(text), signal });
  }
  return code;
};

interface Call {
  readonly host: Parameters<RunCommand>[0];
  readonly args: readonly string[];
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

const builtIns: Readonly<Record<string, (call: Call) => number | Promise<number>>> = {
  __proto__: null as never,
  true: () => 0,
  ':': () => 0,
  false: () => 1,
  echo: ({ args, print }) => printed(print, args.join(' ')),
  hostname: ({ host, print }) => printed(print, host.name),
  id: ({ args, print }) => printed(print, args[0] === '-u' ? '0' : 'uid=0(root) gid=0(root) groups=0(root)'),
  uname: ({ host, args, print }) =>
    printed(print, args[0] === '-a' ? `Linux ${host.name} 6.1.0-simulated x86_64 GNU/Linux` : 'Linux'),
  cat({ host, args, print }) {
    if (args[0] === '/proc/sys/kernel/random/boot_id') return printed(print, host.bootId);
    return 1;
  },
  async sleep({ args, signal }) {
    const seconds = Number(args[0]);
    if (!(seconds >= 0 && seconds <= maxSeconds)) return 1;
    await sleep(seconds * 1000, { signal });
    return 0;
  },
  reboot({ host }) {
    host.reboot().catch(() => {});
    return 0;
  },
};

function printed(print: (text: string) => void, line: string): number {
  print(`${line}\n`);
  return 0;
}

function unquote(word: string): string {
  return word.replaceAll(/['"]/g, '');
}
