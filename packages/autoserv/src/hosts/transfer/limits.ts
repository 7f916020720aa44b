import { TransferError } from '../../errors.ts';
import type { TransferSettings } from './options.ts';

/** More than `maxBytes` would come: nothing more is taken, unlike with a file that is refused. */
export class TooManyBytesError extends TransferError {}

/** @throws TooManyBytesError when so many bytes are more than may come */
export function checkBytes(host: string, source: string, bytes: number, { maxBytes }: TransferSettings): void {
  if (bytes <= maxBytes) return;
  throw new TooManyBytesError(
    host,
    source,
    `it is more than the ${maxBytes} bytes that are allowed; ask for less, or raise maxBytes`,
  );
}
