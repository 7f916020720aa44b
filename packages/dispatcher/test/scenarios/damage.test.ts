import { expect, test } from 'vitest';
import { any, on, Plan, type Sketch } from '../support/sketch.ts';

/** Rows as a damaged database could hold them. */
const damaged = (value: unknown) => value as never;

function planOf(sketch: Sketch): Plan {
  return new Plan(sketch).run();
}

test('a host in an unknown state is left out, and the others are given away', () => {
  const plan = planOf({ hosts: [{ state: damaged('dancing') }, {}], jobs: [{ entries: any(2) }] });
  expect(plan.placed).toEqual({ 100: 'h2' });
  expect(plan.world.damaged.get('hosts:1')).toBe(
    'state is "dancing", which is none of ready, provisioning, verifying, cleaning, repairing, reserved, running, repairFailed',
  );
});

test('an entry in an unknown state is left out, and its siblings go on', () => {
  const plan = planOf({ hosts: [{}, {}], jobs: [{ entries: [{ state: damaged('lost') }, {}] }] });
  expect(plan.placed).toEqual({ 101: 'h1' });
  expect([...plan.world.damaged.keys()]).toEqual(['entries:100']);
});

test('an entry whose job cannot be read says so, and others go on', () => {
  const plan = planOf({ hosts: [{}], jobs: [{ entries: any(1), priority: damaged(null) }, { entries: any(1) }] });
  expect(plan.placed).toEqual({ 200: 'h1' });
  expect(plan.reasons[100]).toEqual({ code: 'failed', message: 'its job 1 does not exist or cannot be read' });
});

test('an entry whose named host is gone says so, and others go on', () => {
  const plan = planOf({ hosts: [{}], jobs: [{ entries: [{ named: true }, ...on(1)] }] });
  expect(plan.placed).toEqual({ 101: 'h1' });
  expect(plan.reasons[100]).toMatchObject({ message: 'its host does not exist any more' });
});

test('a task and an execution of unknown kinds are left out', () => {
  const plan = planOf({
    hosts: [{}],
    tasks: [{ kind: damaged('polish') }],
    executions: [{ purpose: damaged('fun') }],
    jobs: [{ entries: any(1) }],
  });
  expect(plan.placed).toEqual({ 100: 'h1' });
  expect([...plan.world.damaged.keys()]).toEqual(['tasks:1', 'executions:1']);
});

test('a row that is repaired takes part again', () => {
  const plan = planOf({ hosts: [{ state: damaged('dancing') }], jobs: [{ entries: any(1) }] });
  const repaired = new Plan({ hosts: [{ version: 2 }] }).world.hosts.get(1);
  plan.world.take({ hosts: repaired ? [repaired] : [], entries: [], jobs: [], tasks: [], executions: [], leases: [] });
  expect([plan.run().placed, plan.world.damaged.size]).toEqual([{ 100: 'h1' }, 0]);
});
