import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '@autotest/core/node';
import { crashDir, type ExecutionContext } from '../execution/context.ts';
import type { HostConnection } from '../hosts/connection.ts';

/** What is asked of a host after something went wrong; a tool it lacks leaves an empty file out. */
const sources = (sinceSeconds: number): Readonly<Record<string, string>> => ({
  dmesg: 'dmesg -T 2>/dev/null || dmesg',
  journal: `command -v journalctl >/dev/null && journalctl --no-pager -o short-iso-precise --since @${sinceSeconds}`,
  processes: 'ps -eo pid,ppid,pgid,stat,etimes,rss,args 2>/dev/null || ps',
  disk: 'df -k; df -i',
  memory: 'cat /proc/meminfo',
  uptime: 'cat /proc/uptime /proc/loadavg /proc/sys/kernel/random/boot_id; uname -a',
});

const maxBytes = 4 * 1024 * 1024;
const timeoutMs = 20_000;

/** Fetches what a host can tell of itself into `crashinfo.<host>/`. Gives the names of the files. @throws HostLostError */
export async function collectCrashInfo(
  context: ExecutionContext,
  connection: HostConnection,
): Promise<readonly string[]> {
  const { recorder, spec } = context;
  const directory = crashDir(spec, connection.spec.name);
  mkdirSync(directory, { recursive: true });
  const since = Math.floor((recorder.tree.jobStart?.t ?? Date.now() - 3600_000) / 1000);
  const written = await Promise.all(
    Object.entries(sources(since)).map(async ([name, command]) => {
      const result = await connection.exec(command, {
        timeout: timeoutMs,
        maxOutputBytes: maxBytes,
        label: `crash data: ${name}`,
      });
      if (result.stdout === '') return [];
      writeFileAtomic(join(directory, `${name}.txt`), result.stdout);
      recorder.append({
        kind: 'artifact',
        path: `crashinfo.${connection.spec.name}/${name}.txt`,
        title: `${name} of ${connection.spec.name}`,
      });
      return [name];
    }),
  );
  return written.flat();
}
