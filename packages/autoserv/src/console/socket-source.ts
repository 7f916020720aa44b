import { connect, type Socket } from 'node:net';
import { PassThrough, Transform } from 'node:stream';
import type { ConsoleTarget } from '@autotest/core';
import type { ConsoleStream } from './console-source.ts';
import { TelnetCodec } from './telnet.ts';

const keepAliveMs = 30_000;

/** Connects to a console server, or to a socket of this machine. A half-dead peer is found by TCP keep-alive. */
export async function openSocket(
  target: Extract<ConsoleTarget, { kind: 'tcp' | 'unix' | 'telnet' }>,
  signal: AbortSignal,
): Promise<ConsoleStream> {
  const socket =
    target.kind === 'unix'
      ? connect(target.path)
      : connect({
          host: target.address,
          port: target.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: keepAliveMs,
        });
  await connected(socket, signal);
  let why = 'the other end closed it';
  socket.on('error', (error) => (why = error.message));
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve(why)));
  const close = (): void => void socket.destroy();
  if (target.kind !== 'telnet') return { output: socket, input: socket, ended, close };
  return { ...throughTelnet(socket), ended, close };
}

async function connected(socket: Socket, signal: AbortSignal): Promise<void> {
  const onAbort = (): void => void socket.destroy(new Error('no connection in time'));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function throughTelnet(socket: Socket): Pick<ConsoleStream, 'output' | 'input'> {
  const codec = new TelnetCodec();
  const output = new PassThrough();
  socket.on('data', (chunk: Buffer) => {
    const { data, reply } = codec.decode(chunk);
    if (reply.length > 0) socket.write(reply);
    if (data.length > 0) output.write(data);
  });
  socket.once('close', () => output.end());
  const input = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, codec.encode(chunk)),
  });
  input.pipe(socket);
  return { output, input };
}
