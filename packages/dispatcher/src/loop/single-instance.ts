import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { DispatcherRunningError } from '../errors.ts';

/**
 * Makes sure that a dispatcher id is used once on this machine: it listens on an abstract Unix socket, which the kernel gives to one process
 * only and takes back when that one ends, however it ends. Dispatchers that meet in spite of it (in containers) do no harm; they do
 * some work twice.
 *
 * @throws DispatcherRunningError
 */
export async function claimInstance(dispatcherId: string, database: string): Promise<{ release(): Promise<void> }> {
  const name = createHash('sha256').update(`${dispatcherId}\n${database}`).digest('hex').slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new DispatcherRunningError(dispatcherId) : error),
    );
    server.listen(`\0autotest-dispatcher-${name}`, resolve);
  });
  server.unref();
  return { release: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
