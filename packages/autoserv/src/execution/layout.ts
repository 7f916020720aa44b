import { appendFileSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionSpec, JsonValue } from '@autotest/core';
import { safeFileName, writeFileAtomic } from '@autotest/core/node';

/** Writes what a results directory holds besides logs: keyvals, host keyvals, list of machines, the control file. What is there stays. */
export function layOut(spec: ExecutionSpec, continued: boolean): void {
  const { resultsDir, hosts, job } = spec;
  for (const name of ['debug', 'host_keyvals']) mkdirSync(join(resultsDir, name), { recursive: true });
  if (continued) return;
  writeKeyval(resultsDir, {
    ...(job && { job_id: job.id, label: job.name, user: job.owner, ...job.keyvals }),
    hostname: hosts.map(({ name }) => name).join(','),
    status_version: 1,
    job_started: Math.floor(Date.now() / 1000),
    attempt: spec.attempt,
  });
  for (const { name, labels, attributes } of hosts) {
    const lines = formatKeyval({
      platform: attributes.platform ?? '',
      labels: labels.map(encodeURIComponent).join(','),
      ...attributes,
    });
    writeFileAtomic(join(resultsDir, 'host_keyvals', safeFileName(name)), lines);
  }
  if (hosts.length > 1) writeFileAtomic(join(resultsDir, '.machines'), hosts.map(({ name }) => `${name}\n`).join(''));
  const source = job && join(job.bundleDir, 'control.ts');
  if (source && existsSync(source) && !existsSync(join(resultsDir, 'control.ts')))
    copyFileSync(source, join(resultsDir, 'control.ts'));
}

/** Adds to the keyval file of a results directory. */
export function writeKeyval(resultsDir: string, values: Readonly<Record<string, JsonValue>>): void {
  const file = join(resultsDir, 'keyval');
  if (existsSync(file)) appendFileSync(file, formatKeyval(values));
  else writeFileSync(file, formatKeyval(values));
}

/** `key=value` lines as the original writes them: no `=` or blank in a key, no line break in a value. */
export function formatKeyval(values: Readonly<Record<string, JsonValue>>): string {
  return Object.entries(values)
    .map(
      ([key, value]) =>
        `${key.replace(/[^\w.:-]/g, '_')}=${(typeof value === 'string' ? value : JSON.stringify(value)).replace(/[\r\n]+/g, ' ')}\n`,
    )
    .join('');
}
