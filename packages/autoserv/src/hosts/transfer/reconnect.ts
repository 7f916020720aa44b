import { HostLostError } from '../../errors.ts';
import type { HostConnection } from '../connection.ts';
import type { TransferCounter } from './counter.ts';
import type { Remote } from './remote.ts';

/** Attempts in a row that bring nothing. */
const maxFruitless = 3;

/** Does something on a host again when the connection breaks meanwhile, as long as that gets it further. @throws as `work`, and HostLostError */
export async function withReconnect<T>(
  connection: HostConnection,
  signal: AbortSignal,
  counter: TransferCounter,
  work: (remote: Remote) => Promise<T>,
): Promise<T> {
  for (let fruitless = 0, bytes = counter.bytes; ;) {
    const transport = await connection.connect({ signal });
    try {
      return await work({ transport, host: connection.spec.name, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HostLostError)) throw error;
      fruitless = counter.bytes > bytes ? 0 : fruitless + 1;
      bytes = counter.bytes;
      if (fruitless >= maxFruitless) throw error;
    }
  }
}
