import { describe, expect, test } from 'vitest';
import {
  CreateAclGroupDocument,
  ExtendReservationDocument,
  HostDocument,
  LockHostDocument,
  ReleaseHostDocument,
  RequestTaskDocument,
  ReserveHostDocument,
  UnlockHostDocument,
  UpdateHostLabelsDocument,
} from '../../src/client/index.ts';
import { hour, startLab } from '../support/api.ts';

const forbidden = { code: 'FORBIDDEN' };
const reserved = { code: 'AT_HOST_RESERVED' };

/** anna is a member of the group that h1 is in, bob is not; h2 is everybody's. */
async function start() {
  const lab = await startLab(['anna', 'bob']);
  const { root, anna, bob } = lab.people;
  await root.request(CreateAclGroupDocument, { name: 'kernel', input: { addUsers: ['anna'], addHosts: ['h1'] } });
  return { ...lab, root, anna, bob };
}

describe('a lock', () => {
  test('is for those who may use the host, and lifted by its maker or an administrator', async () => {
    const { root, anna, bob } = await start();
    const locked = { name: 'h1', reason: 'new disk' };
    await expect(bob.request(LockHostDocument, locked)).rejects.toMatchObject(forbidden);
    expect((await anna.request(LockHostDocument, { ...locked, for: hour })).lockHost).toMatchObject({
      locked: { by: 'anna', reason: 'new disk', until: expect.any(String) },
      groups: ['kernel'],
    });
    const twice = { code: 'AT_HOST_LOCKED', message: expect.stringContaining('anna locked h1') };
    await expect(root.request(LockHostDocument, locked)).rejects.toMatchObject(twice);
    await expect(bob.request(UnlockHostDocument, { name: 'h1' })).rejects.toMatchObject(twice);
    expect((await anna.request(UnlockHostDocument, { name: 'h1' })).unlockHost.locked).toBeNull();
    await anna.request(LockHostDocument, locked);
    expect((await root.request(UnlockHostDocument, { name: 'h1' })).unlockHost.locked).toBeNull();
  });

  test.for([
    ['reason', { reason: ' ' }],
    ['for', { reason: 'x', for: 0 }],
    ['for', { reason: 'x', for: 367 * 24 * hour }],
  ] as const)('with a wrong %s is refused', async ([argument, input]) => {
    const { anna } = await start();
    await expect(anna.request(LockHostDocument, { name: 'h2', ...input })).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
      message: expect.stringContaining(`The argument ${argument} `),
    });
  });

  test('that has run out is not shown', async () => {
    const { anna, database } = await start();
    const host = await database.hosts.byName('h2');
    await database.hosts.lock(host?.id ?? 0, { reason: 'x', until: Date.now() - 1 }, 'bob');
    await database.hosts.reserve(host?.id ?? 0, { by: 'bob', until: Date.now() - 1 }, 'bob');
    expect((await anna.request(HostDocument, { name: 'h2' })).host).toMatchObject({ locked: null, reservation: null });
  });
});

describe('a reservation', () => {
  test('keeps others out, and is released by whoever has it', async () => {
    const { anna, bob } = await start();
    const before = Date.now();
    const made = await anna.request(ReserveHostDocument, { name: 'h2', for: hour, reason: 'bisect' });
    const { reservation } = made.reserveHost;
    expect(reservation).toMatchObject({ by: 'anna', reason: 'bisect' });
    expect(Date.parse(reservation?.until ?? '')).toBeGreaterThanOrEqual(before + hour);
    const wanted = { name: 'h2', for: hour };
    const refused = { ...reserved, message: expect.stringContaining('anna has reserved h2 until') };
    await expect(bob.request(ReserveHostDocument, wanted)).rejects.toMatchObject(refused);
    await expect(bob.request(ReleaseHostDocument, { name: 'h2' })).rejects.toMatchObject(refused);
    await expect(bob.request(LockHostDocument, { name: 'h2', reason: 'x' })).rejects.toMatchObject(refused);
    await expect(bob.request(RequestTaskDocument, { host: 'h2', kind: 'verify' })).rejects.toMatchObject(refused);
    expect((await anna.request(ReleaseHostDocument, { name: 'h2' })).releaseHost.reservation).toBeNull();
    expect((await anna.request(ReleaseHostDocument, { name: 'h2' })).releaseHost.reservation).toBeNull();
    expect((await bob.request(ReserveHostDocument, wanted)).reserveHost.reservation?.by).toBe('bob');
  });

  test('is for those who may use the host', async () => {
    const { anna, bob } = await start();
    await expect(bob.request(ReserveHostDocument, { name: 'h1', for: hour })).rejects.toMatchObject({
      ...forbidden,
      message: expect.stringContaining('It belongs to kernel'),
    });
    await anna.request(ReserveHostDocument, { name: 'h1', for: hour });
    await expect(anna.request(ReserveHostDocument, { name: 'h9', for: hour })).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
    });
  });

  test('is made for others, and taken from them, by administrators only', async () => {
    const { root, anna, bob } = await start();
    const wanted = { name: 'h2', for: hour, login: 'bob' };
    await expect(anna.request(ReserveHostDocument, wanted)).rejects.toMatchObject(forbidden);
    await expect(root.request(ReserveHostDocument, { ...wanted, login: 'nobody' })).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
    });
    expect((await root.request(ReserveHostDocument, wanted)).reserveHost.reservation?.by).toBe('bob');
    const force = { name: 'h2', force: true };
    await expect(bob.request(ReleaseHostDocument, force)).rejects.toMatchObject(forbidden);
    await expect(root.request(ReleaseHostDocument, { name: 'h2' })).rejects.toMatchObject(reserved);
    expect((await root.request(ReleaseHostDocument, force)).releaseHost.reservation).toBeNull();
  });

  test('is extended by whoever has it, while it lasts', async () => {
    const { anna, bob } = await start();
    await anna.request(ReserveHostDocument, { name: 'h2', for: hour });
    const longer = { name: 'h2', for: 2 * hour };
    const before = Date.now();
    const { extendReservation } = await anna.request(ExtendReservationDocument, longer);
    expect(Date.parse(extendReservation.reservation?.until ?? '')).toBeGreaterThanOrEqual(before + 2 * hour);
    await expect(anna.request(ExtendReservationDocument, { name: 'h2', for: 999 })).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
    });
    const gone = { code: 'AT_HOST_NOT_RESERVED' };
    await expect(bob.request(ExtendReservationDocument, longer)).rejects.toMatchObject(gone);
    await anna.request(ReleaseHostDocument, { name: 'h2' });
    await expect(anna.request(ExtendReservationDocument, longer)).rejects.toMatchObject(gone);
  });
});

describe('a special task', () => {
  test('is asked for once, and shown with its host', async () => {
    const { anna } = await start();
    const wanted = { host: 'h1', kind: 'verify' } as const;
    const { requestTask } = await anna.request(RequestTaskDocument, wanted);
    expect(requestTask).toMatchObject({ repeated: false, task: { kind: 'verify', requestedBy: 'anna' } });
    expect((await anna.request(RequestTaskDocument, wanted)).requestTask).toEqual({ ...requestTask, repeated: true });
    expect((await anna.request(HostDocument, { name: 'h1' })).host?.tasks).toHaveLength(1);
  });

  test('other than verify is for administrators, and verify for those who may use the host', async () => {
    const { root, anna, bob } = await start();
    await expect(bob.request(RequestTaskDocument, { host: 'h1', kind: 'verify' })).rejects.toMatchObject(forbidden);
    for (const kind of ['repair', 'cleanup'] as const) {
      await expect(anna.request(RequestTaskDocument, { host: 'h1', kind })).rejects.toMatchObject(forbidden);
      expect((await root.request(RequestTaskDocument, { host: 'h1', kind })).requestTask.repeated).toBe(false);
    }
    await expect(root.request(RequestTaskDocument, { host: 'h1', kind: 'provision' })).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
    });
  });
});

describe('labels of many hosts', () => {
  test('change together or not at all', async () => {
    const { root, database } = await start();
    const change = { hosts: ['h2', 'h1'], add: ['gpu', 'rack:2'] };
    const { updateHostLabels } = await root.request(UpdateHostLabelsDocument, change);
    expect(updateHostLabels.map(({ name }) => name).sort()).toEqual(['h1', 'h2']);
    expect((await root.request(UpdateHostLabelsDocument, change)).updateHostLabels).toEqual([]);
    await expect(
      root.request(UpdateHostLabelsDocument, { hosts: ['h1', 'h9'], remove: ['gpu'] }),
    ).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(root.request(UpdateHostLabelsDocument, { hosts: ['h1'], add: ['a:'] })).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
    });
    for (const host of await database.hosts.all()) expect(host.labels).toEqual(['gpu', 'rack:2']);
  });
});
