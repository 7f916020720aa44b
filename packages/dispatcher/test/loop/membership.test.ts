import { ManualClock, makeTestDatabase } from '@autotest/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { DispatcherReplacedError } from '../../src/errors.ts';
import { Membership } from '../../src/loop/membership.ts';
import { compileOptions } from '../../src/options.ts';

async function openMembership() {
  const database = await makeTestDatabase();
  onTestFinished(() => database.close());
  const clock = new ManualClock();
  const startWatch = (): never => {
    throw new Error('nothing is watched here');
  };
  const own = { database, dataDir: '/nowhere', clock, startWatch, dispatcherId: 'd1', machine: 'm1' };
  const settings = compileOptions({ ...own, limits: { deadMs: 20_000 } });
  return { database, clock, membership: new Membership(settings) };
}

test('a dispatcher knows itself accepted only as long as no other one can have declared it dead', async () => {
  const { database, clock, membership } = await openMembership();
  expect(membership.isAccepted).toBe(false);
  await membership.join();
  expect(membership.isAccepted).toBe(true);
  clock.advance(19_999);
  expect(membership.isAccepted).toBe(true);
  clock.advance(1);
  expect(membership.isAccepted).toBe(false);
  await membership.beat(undefined);
  expect(membership.isAccepted).toBe(true);
  const [own] = await database.scheduling.dispatchers();
  if (own) await database.scheduling.declareDead(own);
  await membership.beat(undefined);
  expect(membership.isAccepted).toBe(false);
});

test('a dispatcher gives way to another process with its id, but not to one that is gone', async () => {
  const { database, membership } = await openMembership();
  const joins = (pid: number, machine = 'm1') =>
    database.scheduling.register({ id: 'd1', machine, pid, startedAt: 1, maxExecutions: 1, pools: [] });
  await membership.join();
  // Killed before its request to join arrived.
  await joins(2 ** 22 + 1);
  await membership.beat(undefined);
  expect(membership.isMember).toBe(false);
  await membership.join();
  expect(membership.isMember).toBe(true);
  await joins(process.ppid);
  await expect(membership.beat(undefined)).rejects.toThrow(DispatcherReplacedError);
  await membership.join();
  // Of another machine nobody here knows.
  await joins(2 ** 22 + 1, 'm2');
  await expect(membership.beat(undefined)).rejects.toThrow(DispatcherReplacedError);
});

test('a dispatcher that starts declares nobody dead because clocks differ', async () => {
  const { database, clock, membership } = await openMembership();
  const other = { id: 'd2', machine: 'm2', pid: 1, startedAt: 1, maxExecutions: 1, pools: [] };
  await database.scheduling.register(other);
  clock.set(clock.now() + 3_600_000);
  await membership.join();
  await membership.beat(undefined);
  expect(membership.isAlive('d2', clock.monotonicMs())).toBe(true);
  clock.advance(20_000);
  await membership.beat(undefined);
  expect(membership.isAlive('d2', clock.monotonicMs())).toBe(false);
});
