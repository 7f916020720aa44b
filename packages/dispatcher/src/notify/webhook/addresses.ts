import { lookup as lookUp, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { TargetRefusedError } from '../../errors.ts';

/** Whether an address is one of the public Internet: not loopback, link-local, private, multicast or reserved, in whatever notation. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/**
 * Looks a name up and gives its public addresses alone. It is asked for the very connection that is made, so what a name led to a moment before is of no use to
 * anybody. The error is a TargetRefusedError where there is no public one.
 */
export const lookupPublic: LookupFunction = (name, options, callback) => {
  lookUp(name, { ...options, all: true }, (error, found) => {
    const addresses: readonly LookupAddress[] = error ? [] : found.filter(({ address }) => isPublicAddress(address));
    const [first] = addresses;
    const problem = error ?? (first ? null : new TargetRefusedError(name));
    if (options.all === true) callback(problem, [...addresses]);
    else callback(problem, first?.address ?? '', first?.family ?? 4);
  });
};
