import { ManualClock, makeTestDatabase } from '@autotest/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Membership } from '../../src/loop/membership.ts';
import { compileOptions } from '../../src/options.ts';

test('a dispatcher knows itself accepted only as long as no other one can have declared it dead', async () => {
  const database = await makeTestDatabase();
  onTestFinished(() => database.close());
  const clock = new ManualClock();
  const startWatch = (): never => {
    throw new Error('nothing is watched here');
  };
  const settings = compileOptions({ database, dataDir: '/nowhere', clock, startWatch, limits: { deadMs: 20_000 } });
  const membership = new Membership(settings);
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
