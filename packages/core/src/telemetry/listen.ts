import type { Server } from 'node:http';
import { ListenError } from './errors.ts';

/**
 * Listens and gives the port.
 *
 * @param option of the command line that chooses another port
 * @throws ListenError (`AT_LISTEN`)
 */
export function listen(http: Server, host: string, port: number, option = '--port'): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new ListenError(host, port, option, error));
    http.once('error', fail);
    try {
      http.listen(port, host, () => {
        http.off('error', fail);
        const address = http.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    } catch (error) {
      // What is no port at all.
      reject(new ListenError(host, port, option, error));
    }
  });
}

export function stopListening(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
  });
}

/** As it stands in an address: a server that listens everywhere is reached as localhost. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
