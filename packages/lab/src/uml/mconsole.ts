import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { messageOf } from '@autotest/core';
import { LabError } from '../errors.ts';

const magic = 0xca_fe_ba_be;
const version = 2;
const maxCommandBytes = 512;
const headerBytes = 12;
/** Silence after which the rest of an answer is taken for lost. */
const silenceMs = 500;

export interface MconsoleOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

let calls = 0;

/**
 * Asks a User-mode Linux kernel something over its management console: `version`, `stop`, `go`, `cad`, `sysrq t`. Gives its answer.
 *
 * The console is a Unix datagram socket, which Node does not have: socat carries the datagrams (linux: arch/um/drivers/mconsole.h).
 * @throws LabError where the kernel does not answer in time, or says that it cannot
 */
export async function mconsole(socketPath: string, command: string, options: MconsoleOptions): Promise<string> {
  const { timeoutMs, signal } = options;
  calls += 1;
  const ownPath = `${socketPath}-${process.pid}-${calls}`;
  const child = spawn('socat', ['-b', '8192', 'STDIO', `UNIX-SENDTO:${socketPath},bind=${ownPath}`], {
    timeout: timeoutMs,
    ...(signal && { signal }),
  });
  const failure = new Promise<never>((_, reject) => child.once('error', reject));
  failure.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  child.stdin.write(encodeRequest(command));
  let silence: NodeJS.Timeout | undefined;
  child.stdout.on('data', () => {
    clearTimeout(silence);
    silence = setTimeout(() => child.kill('SIGKILL'), silenceMs);
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-500)));
  try {
    return await Promise.race([readReply(child.stdout), failure]);
  } catch (error) {
    signal?.throwIfAborted();
    const why = said.trim() || (error instanceof LabError ? error.message : messageOf(error));
    throw new LabError(`The kernel at ${socketPath} did not take the command ${command}: ${why}`, { cause: error });
  } finally {
    clearTimeout(silence);
    child.kill('SIGKILL');
    rmSync(ownPath, { force: true });
  }
}

export function encodeRequest(command: string): Buffer {
  const text = Buffer.from(command);
  if (text.byteLength >= maxCommandBytes) throw new LabError(`The command ${command} is too long for mconsole.`);
  const request = Buffer.alloc(headerBytes + maxCommandBytes);
  request.writeUInt32LE(magic, 0);
  request.writeUInt32LE(version, 4);
  request.writeUInt32LE(text.byteLength, 8);
  text.copy(request, headerBytes);
  return request;
}

/**
 * Reads the datagrams of an answer: {u32 error, u32 more, u32 length, text}; the text of all, in their order. The kernel drops what does not fit into the socket's queue
 * (some ten datagrams), also the last one: an answer that ends without it is what there is. What SysRq prints is on the console as well, and whole there.
 */
export async function readReply(output: AsyncIterable<Buffer>): Promise<string> {
  let pending: Buffer = Buffer.alloc(0);
  let text = '';
  for await (const chunk of output) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.byteLength >= headerBytes) {
      const length = pending.readUInt32LE(8);
      if (pending.byteLength < headerBytes + length) break;
      text += pending.toString('utf8', headerBytes, headerBytes + length).replaceAll('\0', '');
      const [error, more] = [pending.readUInt32LE(0), pending.readUInt32LE(4)];
      pending = pending.subarray(headerBytes + length);
      if (error !== 0) throw new LabError(text.trim() || `error ${error}`);
      if (more === 0) return text.trim();
    }
  }
  if (text === '') throw new LabError('no answer');
  return text.trim();
}
