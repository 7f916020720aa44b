import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '@autotest/core';
import { LabError } from '../errors.ts';
import { seedBytes } from '../image/guest-files.ts';
import { withFileLock } from '../image/file-lock.ts';
import { MachineProcess } from '../machine-process.ts';
import { connectQmp } from './connect-qmp.ts';
import { makeDisk } from './disk.ts';
import { qemuCommand, qemuFiles, waitsForSeed, type QemuShape } from './qemu-command.ts';
import type { QmpClient } from './qmp.ts';

const bootTimeoutMs = 120_000;
const saveTimeoutMs = 60_000;
const pauseMs = 50;

/**
 * A virtual machine's memory after its kernel has booted and before it has looked at its seed or disk: from there each machine of the same shape starts in a second.
 * Made once, kept beside the image. Gives the file.
 * @throws LabError where the kernel does not come that far within two minutes
 */
export async function snapshotOf(shape: QemuShape, signal?: AbortSignal): Promise<string> {
  const text = JSON.stringify(qemuCommand(shape, qemuFiles(''), undefined));
  const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const file = join(shape.image.dir, `snapshot-${key}`);
  if (existsSync(file)) return file;
  await withFileLock(`${file}.lock`, signal ? { signal } : {}, async () => {
    if (existsSync(file)) return;
    const dir = mkdtempSync(join(shape.image.dir, 'snapshot-'));
    try {
      renameSync(await takeSnapshot(shape, dir, signal), file);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  return file;
}

async function takeSnapshot(shape: QemuShape, dir: string, signal?: AbortSignal): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const files = qemuFiles(dir);
  writeFileSync(files.seed, Buffer.alloc(seedBytes));
  await makeDisk(files.disk, shape.image);
  let text = '';
  const machine = new MachineProcess({
    argv: qemuCommand(shape, files, undefined),
    cwd: dir,
    errorFile: join(dir, 'qemu.log'),
    console: {
      logFile: '',
      socketPath: '',
      write: (chunk) => (text += Buffer.from(chunk).toString('latin1')),
      onInput: () => undefined,
    },
    onExit: () => undefined,
  });
  try {
    await machine.started();
    const limits = { timeoutMs: saveTimeoutMs, ...(signal && { signal }) };
    const qmp = await connectQmp(files.qmpSocket, machine, join(dir, 'qemu.log'), limits);
    await until(() => waitsForSeed(text), 'boot', bootTimeoutMs, signal);
    await save(qmp, join(dir, 'memory'), signal);
    qmp.close();
  } finally {
    await machine.kill();
  }
  return join(dir, 'memory');
}

async function save(qmp: QmpClient, file: string, signal?: AbortSignal): Promise<void> {
  const quoted = `'${file.replaceAll("'", String.raw`'\''`)}'`;
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': 10 ** 10 });
  await qmp.execute('migrate', { uri: `exec:cat > ${quoted}` });
  await until(
    async () => {
      const { status } = (await qmp.execute('query-migrate')) as { status?: string };
      if (status === 'failed') throw new LabError('QEMU cannot save the snapshot. Is the disk full?');
      return status === 'completed';
    },
    'be saved',
    saveTimeoutMs,
    signal,
  );
}

async function until(
  test: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  while (!(await test())) {
    if (performance.now() > endsAt)
      throw new LabError(`A virtual machine for a snapshot did not ${what} within ${timeoutMs} ms.`);
    await sleep(pauseMs, signal ? { signal } : {});
  }
}
