import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunCommand } from './session.ts';

/** Runs commands with this machine's /bin/sh, as this user, each host with a HOME below `dir`; the process group ends with the session. */
export function realShell(dir: string): RunCommand {
  return (host, command, channel, signal) => {
    const home = join(dir, host.name);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return new Promise((resolve) => {
      const child = spawn('/bin/sh', ['-c', command], {
        cwd: home,
        detached: true,
        env: { PATH: process.env.PATH, HOME: home, USER: host.user, HOSTNAME: host.name, LANG: 'C.UTF-8' },
      });
      const kill = (): void => {
        try {
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It is gone.
        }
      };
      signal.addEventListener('abort', kill, { once: true });
      channel.pipe(child.stdin);
      child.stdin.on('error', () => {});
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on('error', () => resolve(126));
      child.on('close', (code) => {
        signal.removeEventListener('abort', kill);
        resolve(code ?? 255);
      });
    });
  };
}
