import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, lookupPublic } from '../../src/notify/webhook/addresses.ts';

describe('an address', () => {
  it.each([['93.184.215.14'], ['2606:2800:21f:cb07:6820:80da:af6b:8b2c'], ['::ffff:93.184.215.14']])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['127.0.0.1'],
    ['127.8.8.8'],
    ['0.0.0.0'],
    ['10.1.2.3'],
    ['172.16.0.1'],
    ['192.168.1.1'],
    ['169.254.169.254'],
    ['100.64.0.1'],
    ['224.0.0.1'],
    ['255.255.255.255'],
    ['::'],
    ['::1'],
    ['fe80::1'],
    ['fd00::1'],
    ['ff02::1'],
    ['::ffff:10.0.0.1'],
    ['64:ff9b::a00:1'],
    ['2002:a00:1::'],
    ['localhost'],
    [''],
  ])('%j is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('looking up a name that leads to this machine', () => {
  it.each([{ all: true }, { all: false }])('gives nothing with %j', async (options) => {
    const [error, found] = await new Promise<[Error | null, string | LookupAddress[]]>((resolve) => {
      lookupPublic('localhost', options, (problem, address) => resolve([problem, address]));
    });
    expect(error).toMatchObject({ code: 'AT_TARGET_REFUSED' });
    expect(found).toHaveLength(0);
  });
});
