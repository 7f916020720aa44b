import type { OneTimeHostInput } from '@autotest/graphql/client';
import { UsageError } from '../errors.ts';

/**
 * `user@host`, `user@host:port`, or with brackets around an IPv6 address: `user@[fe80::1]:22`.
 *
 * @throws UsageError
 */
export function parseOneTimeHost(text: string): OneTimeHostInput {
  const match = /^([^@\s]+)@(?:\[([^\]\s]+)\]|([^:@\s]+))(?::(\d{1,5}))?$/.exec(text);
  const [, user, bracketed, plain, port] = match ?? [];
  const address = bracketed ?? plain;
  if (user === undefined || address === undefined)
    throw new UsageError(`--one-time takes user@host or user@host:port, not ${JSON.stringify(text)}.`);
  return { user, address, ...(port !== undefined && { port: Number(port) }) };
}
