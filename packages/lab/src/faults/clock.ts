import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDuration } from '@autotest/core';
import { LabError, LabUnfitError } from '../errors.ts';
import { namespaced, type Fault } from './fault.ts';

const config = '/etc/ssh/sshd_config';
const installed = '/usr/local/lib/libfaketime.so.1';
const reload = 'kill -HUP "$(cat /run/sshd.pid)"';

/**
 * No namespace has a wall clock of its own, so libfaketime shows another time to what runs in SSH sessions; files get the true one. Only sessions that begin afterwards see it,
 * and programs that are linked statically do not.
 */
export const clock: Fault = {
  description: 'sets the clock wrong, for what runs in new SSH sessions',
  value: 'ahead or behind: 3d, "-52 weeks"',
  async apply(target) {
    const offsetS = offsetOf(target.value ?? '');
    const library = findLibrary();
    const machine = namespaced(target);
    const run = (script: string, input?: string): Promise<string> => machine.run(['sh', '-ec', script], input);
    await machine.run(['sh', '-c', `mkdir -p /usr/local/lib; cat > ${installed}`], readFileSync(library));
    const line = `SetEnv LD_PRELOAD=${installed} FAKETIME=${offsetS} FAKETIME_DONT_FAKE_MONOTONIC=1`;
    await run(`sed -i '/libfaketime/d' ${config}; cat >> ${config}; ${reload}`, `${line}\n`);
    return async () => {
      await run(`sed -i '/libfaketime/d' ${config}; ${reload}`);
    };
  },
};

function offsetOf(value: string): string {
  const [, sign = '', duration = ''] = /^([+-]?)\s*(.+)$/.exec(value.trim()) ?? [];
  if (duration === '')
    throw new LabError('A clock is set ahead or behind by a time: write for instance 3d or "-52 weeks".');
  return `${sign === '-' ? '-' : '+'}${Math.round(parseDuration(duration) / 1000)}`;
}

function findLibrary(): string {
  const found = readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
    .find((file) => existsSync(file));
  if (found) return found;
  throw new LabUnfitError('libfaketime is not installed', 'Run: apt-get install libfaketime');
}
