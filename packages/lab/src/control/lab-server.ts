import { createServer, type Server, type Socket } from 'node:net';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '@autotest/core';
import { LabError } from '../errors.ts';
import type { Lab } from '../lab.ts';
import type { SimulatedHosts } from '../simulated/simulated-hosts.ts';
import { askLab } from './lab-client.ts';
import { controlSocket, type LabAnswer, type LabRequest } from './messages.ts';
import { Operator } from './operator.ts';

export interface LabServerOptions {
  /** Directory of the lab; only its owner can enter it, and so reach the socket. */
  readonly dir: string;
  readonly lab?: Lab | undefined;
  readonly simulated?: SimulatedHosts | undefined;
  /** Somebody asked the lab to end. */
  readonly onDown: () => void;
}

export interface LabServer {
  readonly operator: Operator;
  close(): Promise<void>;
}

/** @throws LabError when a lab runs in this directory already */
export async function checkNoLab(dir: string): Promise<void> {
  if (!existsSync(join(dir, controlSocket))) return;
  const answers = await askLab(dir, { op: 'list' }).then(
    () => true,
    () => false,
  );
  if (answers)
    throw new LabError(`A lab runs in ${dir} already. End it with \`autotest lab down\`, or give another --dir.`);
}

/** Lets other processes of this user reach a lab, through a socket in its directory. */
export async function serveLab(options: LabServerOptions): Promise<LabServer> {
  const operator = new Operator(options);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    converse(socket, operator, options.onDown);
  });
  const path = join(options.dir, controlSocket);
  if (Buffer.byteLength(path) > 107)
    throw new LabError(`${options.dir} is too long for a socket. Give a shorter --dir.`);
  // Of a lab that was killed.
  rmSync(path, { force: true });
  await listen(server, path);
  return {
    operator,
    async close() {
      operator.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function converse(socket: Socket, operator: Operator, onDown: () => void): void {
  let before: Promise<unknown> = Promise.resolve();
  createInterface({ input: socket }).on('line', (line) => {
    before = before.then(async () => {
      const { answer, down } = await answerLine(line, operator);
      socket.write(`${JSON.stringify(answer)}\n`, () => {
        if (down) onDown();
      });
    });
  });
}

async function answerLine(line: string, operator: Operator): Promise<{ answer: LabAnswer; down: boolean }> {
  try {
    const request = JSON.parse(line) as LabRequest;
    return { answer: { ok: true, result: await operator.carryOut(request) }, down: request.op === 'down' };
  } catch (error) {
    return { answer: { ok: false, message: messageOf(error) }, down: false };
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
