import type { EventRow } from '@autotest/core';
import type { HostRow, JobRow, NotificationRuleRow } from '@autotest/core/db';
import { describe, expect, it } from 'vitest';
import { isToldOf, type Occurrence } from '../../src/notify/match.ts';

const t = 1_800_000_000_000;
const rule: NotificationRuleRow = {
  id: 1,
  owner: 'anna',
  channel: 'mail',
  target: 'anna@example.org',
  filter: {},
  enabled: true,
  createdAt: t - 60_000,
};
// oxlint-disable-next-line no-unsafe-type-assertion -- what rules look at
const job = { id: 7, name: 'Nightly boot', owner: 'anna', outcome: 'failed', suiteId: 3 } as JobRow;
// oxlint-disable-next-line no-unsafe-type-assertion -- the same
const host = { id: 2, name: 'h1' } as HostRow;
const event: EventRow = { id: 9, t, kind: 'job.finished', data: {} };
const finished: Occurrence = { kind: 'job.finished', event, job };
const started: Occurrence = { kind: 'job.started', event, job };
const setAside: Occurrence = { kind: 'host.setAside', event, host };

describe('a rule', () => {
  it.each<[Partial<NotificationRuleRow>, Occurrence, boolean]>([
    [{}, finished, true],
    [{}, started, false],
    [{}, setAside, false],
    [{ filter: { on: ['job.started'] } }, started, true],
    [{ filter: { on: ['job.started'] } }, finished, false],
    [{ filter: { on: ['host.setAside'], owner: 'bob', nameContains: 'x' } }, setAside, true],
    [{ filter: { on: ['host.setAside'] }, jobId: 7 }, setAside, false],
    [{ jobId: 7 }, finished, true],
    [{ jobId: 8 }, finished, false],
    [{ filter: { outcomes: ['failed', 'error'] } }, finished, true],
    [{ filter: { outcomes: ['passed'] } }, finished, false],
    [{ filter: { outcomes: ['passed'], on: ['job.started'] } }, started, true],
    [{ filter: { owner: 'anna' } }, finished, true],
    [{ filter: { owner: 'bob' } }, finished, false],
    [{ filter: { nameContains: 'BOOT' } }, finished, true],
    [{ filter: { nameContains: 'disk' } }, finished, false],
    [{ filter: { suiteId: 3 } }, finished, true],
    [{ filter: { suiteId: 4 } }, finished, false],
    [{ createdAt: t + 60_000 }, finished, false],
    [{ createdAt: t + 1000 }, finished, true],
  ])('with %j is told or not, case %#', (more, occurrence, isTold) => {
    expect(isToldOf({ ...rule, ...more }, occurrence)).toBe(isTold);
  });
});
