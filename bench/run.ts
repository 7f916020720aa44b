/** Runs every benchmark, one after another, with the arguments given (`--quick`). JSON lines on stdout, tables on stderr. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

for (const name of [
  'status-log',
  'autoserv-start',
  'executors',
  'first-command',
  'dispatch',
  'latency',
  'log-latency',
  'hosts',
]) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ['--conditions=@autotest/source', file, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (status === 0) continue;
  process.stderr.write(`${name} ended with ${status}.\n`);
  process.exitCode = 1;
}
