import { lockOf, reservationOf } from '@autotest/core';
import { describe, expect, it } from 'vitest';
import { newHost, only, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

const hour = 3_600_000;

/** What people do with hosts: lock, reserve, label them, and ask for special tasks. */
export function describeInventory(store: StoreUnderTest): void {
  const opened = useDatabase(store);
  const addHost = (name = 'a') => opened.db.hosts.add(newHost(name), 'root');
  /** The fields that the only event after a cursor names. */
  const fieldsAfter = async (cursor: number) => only(await opened.db.events.since(cursor, { first: 9 })).data['fields'];

  describe('a lock', () => {
    it('says who has it and why, and is nobody else’s to change', async () => {
      const { hosts } = opened.db;
      const host = await addHost();
      const until = Date.now() + hour;
      const locked = await hosts.lock(host.id, { reason: 'new disk', until }, 'anna');
      expect(lockOf(locked, Date.now())).toEqual({ by: 'anna', reason: 'new disk', until });
      expect(locked.version).toBe(host.version + 1);
      const refusal = { code: 'AT_HOST_LOCKED', message: expect.stringContaining('anna locked a until') };
      await expect(hosts.lock(host.id, { reason: 'mine' }, 'bob')).rejects.toMatchObject(refusal);
      await expect(hosts.unlock(host.id, 'bob')).rejects.toMatchObject(refusal);
      const again = await hosts.lock(host.id, { reason: 'newer disk' }, 'anna');
      expect(lockOf(again, Date.now())).toEqual({ by: 'anna', reason: 'newer disk' });
    });

    it('is lifted by whoever has it, or by force', async () => {
      const { hosts } = opened.db;
      const { id } = await addHost();
      await hosts.lock(id, { reason: 'x' }, 'anna');
      expect(await hosts.unlock(id, 'anna')).not.toHaveProperty('lockedBy');
      await hosts.lock(id, { reason: 'x' }, 'anna');
      expect(await hosts.unlock(id, 'bob', { force: true })).not.toHaveProperty('lockReason');
      const cursor = await opened.db.events.latestId();
      await hosts.unlock(id, 'bob');
      expect(await opened.db.events.latestId()).toBe(cursor);
    });

    it('is none once it has run out', async () => {
      const { hosts } = opened.db;
      const { id } = await addHost();
      await hosts.lock(id, { reason: 'x', until: Date.now() - 1 }, 'anna');
      const locked = await hosts.lock(id, { reason: 'y' }, 'bob');
      expect(lockOf(locked, Date.now())).toEqual({ by: 'bob', reason: 'y' });
    });
  });

  describe('a reservation', () => {
    it('is one person’s until it is released', async () => {
      const { hosts, events } = opened.db;
      const host = await addHost();
      const until = Date.now() + hour;
      const cursor = await events.latestId();
      const reserved = await hosts.reserve(host.id, { by: 'anna', until, reason: 'bisect' }, 'root');
      expect(reservationOf(reserved, Date.now())).toEqual({ by: 'anna', until, reason: 'bisect' });
      expect(reserved.version).toBe(host.version + 1);
      expect(only(await events.since(cursor, { first: 9 }))).toMatchObject({ hostId: host.id, data: { by: 'root' } });
      const refusal = {
        code: 'AT_HOST_RESERVED',
        message: expect.stringContaining(`anna has reserved a until ${new Date(until).toISOString()} (bisect)`),
        details: { by: 'anna', until },
      };
      await expect(hosts.reserve(host.id, { by: 'bob', until }, 'bob')).rejects.toMatchObject(refusal);
      await expect(hosts.release(host.id, 'bob')).rejects.toMatchObject(refusal);
      expect(await hosts.release(host.id, 'anna')).not.toHaveProperty('reservedBy');
      expect(await hosts.reserve(host.id, { by: 'bob', until }, 'bob')).toMatchObject({ reservedBy: 'bob' });
      expect(await hosts.release(host.id, 'root', { force: true })).not.toHaveProperty('reservedUntil');
    });

    it('is released without effect where there is none', async () => {
      const { hosts, events } = opened.db;
      const host = await addHost();
      const cursor = await events.latestId();
      expect(await hosts.release(host.id, 'bob')).toEqual(host);
      expect(await events.latestId()).toBe(cursor);
      await expect(hosts.release(4711, 'bob')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
      await expect(hosts.reserve(4711, { by: 'bob', until: 1 }, 'bob')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    });

    it('moves on and never back, until it has run out', async () => {
      const { hosts, events } = opened.db;
      const { id } = await addHost();
      const until = Date.now() + hour;
      await hosts.reserve(id, { by: 'anna', until, reason: 'bisect' }, 'anna');
      let cursor = await events.latestId();
      const extended = await hosts.extendReservation(id, { by: 'anna', until: until + hour });
      expect(extended).toMatchObject({ reservedUntil: until + hour, reserveReason: 'bisect' });
      expect(await fieldsAfter(cursor)).toEqual(['reservedUntil']);
      cursor = await events.latestId();
      expect(await hosts.extendReservation(id, { by: 'anna', until })).toEqual(extended);
      expect(await events.latestId()).toBe(cursor);
      const refusal = { code: 'AT_HOST_NOT_RESERVED' };
      await expect(hosts.extendReservation(id, { by: 'bob', until })).rejects.toMatchObject(refusal);
      await hosts.reserve(id, { by: 'anna', until: Date.now() - 1 }, 'anna');
      await expect(hosts.extendReservation(id, { by: 'anna', until })).rejects.toMatchObject(refusal);
    });

    it('that has run out is none', async () => {
      const { hosts } = opened.db;
      const { id } = await addHost();
      const over = await hosts.reserve(id, { by: 'anna', until: Date.now() - 1 }, 'anna');
      expect(reservationOf(over, Date.now())).toBeUndefined();
      await hosts.release(id, 'bob');
      const until = Date.now() + hour;
      await hosts.reserve(id, { by: 'anna', until: Date.now() - 1 }, 'anna');
      expect(await hosts.reserve(id, { by: 'bob', until }, 'bob')).toMatchObject({ reservedBy: 'bob' });
    });

    it('goes to one of two who ask at the same moment', async () => {
      const { hosts } = opened.db;
      const { id } = await addHost();
      const until = Date.now() + hour;
      const asked = await Promise.allSettled(['anna', 'bob'].map((by) => hosts.reserve(id, { by, until }, by)));
      expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(asked.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'AT_HOST_RESERVED' } });
    });

    it('makes a plan fail that was made before it', async () => {
      const { hosts, scheduling } = opened.db;
      const host = await addHost();
      await hosts.reserve(host.id, { by: 'anna', until: Date.now() + hour }, 'anna');
      expect(await scheduling.write((change) => change.moveHost(host, 'run'))).toBeUndefined();
    });
  });

  describe('labels', () => {
    it('are put on and taken off many hosts at once', async () => {
      const { hosts, events } = opened.db;
      const a = await hosts.add(newHost('a', { labels: ['rack:1', 'flaky'] }), 'root');
      const b = await hosts.add(newHost('b', { labels: ['gpu'] }), 'root');
      const c = await hosts.add(newHost('c'), 'root');
      const cursor = await events.latestId();
      const changed = await hosts.updateLabels([b.id, a.id, c.id, a.id], { add: ['gpu'], remove: ['flaky'] }, 'root');
      expect(changed.map(({ name, labels }) => [name, labels])).toEqual([
        ['a', ['rack:1', 'gpu']],
        ['c', ['gpu']],
      ]);
      expect(await hosts.all()).toEqual([changed[0], b, changed[1]]);
      expect((await events.since(cursor, { first: 9 })).map(({ hostId }) => hostId)).toEqual([a.id, c.id]);
    });

    it('stay as they are on all hosts when one does not exist', async () => {
      const { hosts } = opened.db;
      const host = await addHost();
      await expect(hosts.updateLabels([host.id, 4711], { add: ['gpu'] }, 'root')).rejects.toMatchObject({
        code: 'AT_NOT_FOUND',
      });
      expect(await hosts.byId(host.id)).toEqual(host);
    });

    it('are described, counted, and removed from all that carry them', async () => {
      const { hosts, labels, events } = opened.db;
      await hosts.add(newHost('a', { labels: ['gpu', 'say "hi"'] }), 'root');
      await hosts.add(newHost('b', { labels: ['gpu'] }), 'root');
      const cursor = await events.latestId();
      await labels.set({ name: 'gpu', onlyIfNeeded: false }, 'root');
      const gpu = { name: 'gpu', description: 'Has a GPU', onlyIfNeeded: true };
      expect(await labels.set(gpu, 'root')).toEqual(gpu);
      await labels.set({ name: 'spare', onlyIfNeeded: false }, 'root');
      expect((await events.since(cursor, { first: 9 })).map(({ kind }) => kind)).toEqual(
        Array(3).fill('label.changed'),
      );
      expect(await labels.list()).toEqual([
        { ...gpu, hosts: 2 },
        { name: 'say "hi"', onlyIfNeeded: false, hosts: 1 },
        { name: 'spare', onlyIfNeeded: false, hosts: 0 },
      ]);
      expect(await labels.remove('gpu', 'root')).toBe(2);
      expect(await labels.remove('say "hi"', 'root')).toBe(1);
      expect(await labels.remove('spare', 'root')).toBe(0);
      await expect(labels.remove('gpu', 'root')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
      expect(await labels.list()).toEqual([]);
      expect((await hosts.all()).flatMap((host) => host.labels)).toEqual([]);
    });
  });

  describe('a special task that somebody asks for', () => {
    it('is queued once for each kind', async () => {
      const { hosts, events, lookup } = opened.db;
      const { id } = await addHost();
      const cursor = await events.latestId();
      const first = await hosts.requestTask(id, 'verify', 'anna');
      expect(first).toMatchObject({
        repeated: false,
        task: { hostId: id, kind: 'verify', state: 'queued', requestedBy: 'anna' },
      });
      expect(first.task).not.toHaveProperty('entryId');
      expect(only(await events.since(cursor, { first: 9 }))).toMatchObject({
        kind: 'task.queued',
        hostId: id,
        taskId: first.task.id,
      });
      expect(await hosts.requestTask(id, 'verify', 'bob')).toEqual({ task: first.task, repeated: true });
      expect((await hosts.requestTask(id, 'repair', 'bob')).repeated).toBe(false);
      await opened.db.scheduling.write((change) => change.moveTask(first.task, 'start'));
      const next = await hosts.requestTask(id, 'verify', 'bob');
      expect(next).toMatchObject({ repeated: false, task: { requestedBy: 'bob' } });
      expect((await lookup.tasks([first.task.id, next.task.id])).size).toBe(2);
      await expect(hosts.requestTask(4711, 'verify', 'bob')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    });

    it('is the same for two who ask at the same moment', async () => {
      const { hosts } = opened.db;
      const { id } = await addHost();
      const asked = await Promise.all([1, 2, 3].map(() => hosts.requestTask(id, 'cleanup', 'anna')));
      expect(new Set(asked.map(({ task }) => task.id)).size).toBe(1);
      expect(asked.filter(({ repeated }) => !repeated)).toHaveLength(1);
    });

    it('is not the task of an entry', async () => {
      const { db } = opened;
      const { entries, hosts } = await submitWithHosts(db, 1);
      const hostId = only(hosts).id;
      await db.scheduling.write((change) =>
        change.addTask({ hostId, entry: only(entries), kind: 'verify', requestedBy: 'anna' }),
      );
      expect((await db.hosts.requestTask(hostId, 'verify', 'bob')).repeated).toBe(false);
    });
  });

  it('counts the executions that each dispatcher has', async () => {
    const { db } = opened;
    expect(await db.lookup.executionsOf()).toEqual(new Map());
    const add = (dispatcherId: string) =>
      db.scheduling.write((change) =>
        change.addExecution({
          purpose: 'verify',
          attempt: 1,
          epoch: 1,
          tag: 't',
          resultsDir: '/tmp/r',
          socketPath: '/tmp/s',
          dispatcherId,
        }),
      );
    await add('d1');
    await add('d2');
    const last = await add('d2');
    await db.scheduling.write((change) =>
      change.moveExecution(change.moveExecution(last ?? only([]), 'end', { exitClass: 'lost' }), 'ingest'),
    );
    expect(await db.lookup.executionsOf()).toEqual(
      new Map([
        ['d1', 1],
        ['d2', 1],
      ]),
    );
  });
}
