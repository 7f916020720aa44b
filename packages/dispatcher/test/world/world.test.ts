import { expect, test } from 'vitest';
import { any, Plan, hostRow } from '../support/sketch.ts';

test('a planner that has ended gathers no changes any more', () => {
  const plan = new Plan({ jobs: [{ entries: any(1) }] }).run();
  const news = (id: number) => ({ hosts: [hostRow(id)], entries: [], jobs: [], tasks: [], executions: [], leases: [] });
  plan.world.take(news(1));
  expect(plan.planner.hasWork).toBe(true);
  plan.run().planner.end();
  plan.world.take(news(2));
  expect(plan.planner.hasWork).toBe(false);
});

test('rows that are older than what is known are passed over, and those of a refused change are not', () => {
  const { world } = new Plan({ hosts: [{ version: 5, health: 0.5 }] });
  const old = { hosts: [hostRow(1, { version: 4 })], entries: [], jobs: [], tasks: [], executions: [], leases: [] };
  world.take(old);
  expect(world.hosts.get(1)?.health).toBe(0.5);
  world.take(old, true);
  expect(world.hosts.get(1)?.health).toBe(1);
});
