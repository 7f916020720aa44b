import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';

/** A console server for tests: what is written goes to everybody who is connected; what they type is kept. */
export interface ConsoleServer {
  readonly url: string;
  /** What was typed. */
  readonly typed: string;
  readonly connections: number;
  write(text: string | Uint8Array): void;
  /** Lets all connections go. */
  drop(): void;
  close(): Promise<void>;
}

/** @param at path of a Unix socket; a free port of 127.0.0.1 without. @param onConnect what a telnet server does first */
export async function startConsoleServer(
  options: {
    readonly at?: string;
    readonly scheme?: 'tcp' | 'telnet';
    readonly onConnect?: (socket: Socket) => void;
  } = {},
): Promise<ConsoleServer> {
  const sockets = new Set<Socket>();
  let typed = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => (typed += chunk.toString('latin1')));
    options.onConnect?.(socket);
  });
  if (options.at === undefined) server.listen(0, '127.0.0.1');
  else server.listen(options.at);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: options.at === undefined ? `${options.scheme ?? 'tcp'}://127.0.0.1:${port}` : `unix://${options.at}`,
    get typed() {
      return typed;
    },
    get connections() {
      return sockets.size;
    },
    write: (text) => sockets.forEach((socket) => socket.write(text)),
    drop,
    close: async () => {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
