import { flushPromises } from '@vue/test-utils';
import { describe, expect, test, vi } from 'vitest';
import type { HostLineFragment } from '../src/generated/graphql.ts';
import HostPage from '../src/pages/host/HostPage.vue';
import HostsPage from '../src/pages/hosts/HostsPage.vue';
import { mountPage, Refused } from './support/app.ts';

function hostLine(name: string, extra: Partial<HostLineFragment> = {}): HostLineFragment {
  return {
    id: name,
    name,
    state: 'ready',
    transport: 'ssh',
    address: name,
    port: 22,
    labels: [],
    draining: false,
    dirty: false,
    quarantineReason: null,
    locked: null,
    reservation: null,
    currentJob: null,
    ...extra,
  };
}

function page(hosts: HostLineFragment[], endCursor: string | null = null) {
  return {
    hosts: {
      edges: hosts.map((node) => ({ cursor: node.name, node })),
      pageInfo: { hasNextPage: endCursor !== null, endCursor },
    },
  };
}

function moved(host: HostLineFragment) {
  return {
    events: {
      id: '101',
      at: new Date().toISOString(),
      kind: 'host.moved',
      jobId: null,
      hostId: host.id,
      job: null,
      host,
    },
  };
}

describe('the list of hosts', () => {
  test('says what to do while there are none', async () => {
    const { find } = await mountPage(HostsPage, { path: '/hosts', answers: { Hosts: () => page([]) } });
    expect(find('empty').text()).toContain('No hosts yet');
  });

  test('reads all pages and counts hosts by state', async () => {
    const Hosts = vi
      .fn()
      .mockReturnValueOnce(page([hostLine('a'), hostLine('b', { state: 'repairFailed' })], 'b'))
      .mockReturnValueOnce(page([hostLine('c')]));
    const { find, findAll } = await mountPage(HostsPage, { path: '/hosts', answers: { Hosts } });
    expect(findAll('host-row')).toHaveLength(3);
    expect(find('tile-ready').text()).toContain('2');
    expect(find('tile-repairFailed').text()).toContain('1');
  });

  test('moves a host from tile to tile when an event tells of it', async () => {
    const { find, feed } = await mountPage(HostsPage, {
      path: '/hosts',
      answers: { Hosts: () => page([hostLine('a')]) },
    });
    await feed.send('AppEvents', moved(hostLine('a', { state: 'running', currentJob: { id: '4', name: 'disk' } })));
    expect(find('tile-ready').text()).toContain('0');
    expect(find('tile-running').text()).toContain('1');
    expect(find('host-row').text()).toContain('#4 disk');
  });

  test('is narrowed by the URL', async () => {
    const answers = {
      Hosts: () => page([hostLine('a', { labels: ['arch:arm64'] }), hostLine('b', { state: 'running' })]),
    };
    expect((await mountPage(HostsPage, { path: '/hosts?q=arm', answers })).findAll('host-row')).toHaveLength(1);
    expect(
      (await mountPage(HostsPage, { path: '/hosts?state=running', answers })).find('host-row').attributes('data-host'),
    ).toBe('b');
  });

  test('says why a host is held back', async () => {
    const { find } = await mountPage(HostsPage, {
      path: '/hosts',
      answers: { Hosts: () => page([hostLine('a', { locked: { by: 'dana', reason: 'firmware', until: null } })]) },
    });
    expect(find('host-row').text()).toContain('locked by dana: firmware');
    const reservation = { by: 'ana', reason: 'bisect', until: '2999-01-01T00:00:00Z' };
    const reserved = await mountPage(HostsPage, {
      path: '/hosts',
      answers: { Hosts: () => page([hostLine('a', { reservation })]) },
    });
    expect(reserved.find('host-row').text()).toContain('reserved by ana: bisect');
  });
});

describe('the dispatchers below them', () => {
  test('say what keeps them, and are read again when one changes', async () => {
    const one = { id: 'm1', machine: 'm1.example.org', heartbeatAt: new Date().toISOString(), executions: 2 };
    const facts = { ...one, maxExecutions: 20, pools: ['arm'] };
    const Dispatchers = vi
      .fn()
      .mockReturnValueOnce({ dispatchers: [{ ...facts, draining: false, shortage: 'The disk is full.' }] })
      .mockReturnValue({ dispatchers: [{ ...facts, draining: true, shortage: null }] });
    const { find, feed } = await mountPage(HostsPage, {
      path: '/hosts',
      answers: { Hosts: () => page([hostLine('a')]), Dispatchers },
    });
    expect(find('dispatcher-row').text()).toContain('2 of 20');
    expect(find('dispatcher-row').text()).toContain('The disk is full.');
    const { events } = moved(hostLine('a'));
    await feed.send('AppEvents', { events: { ...events, kind: 'dispatcher.changed', host: null, hostId: null } });
    await flushPromises();
    expect(find('dispatcher-row').text()).toContain('draining');
  });
});

describe('the page of a host', () => {
  const facts = {
    ...hostLine('a'),
    user: 'root',
    attributes: { serial: '1' },
    protection: 'none',
    groups: [],
    health: 1,
    image: null,
    createdAt: '2026-01-01T00:00:00Z',
    tasks: [],
  };

  test('locks with a reason', async () => {
    const LockHost = vi.fn().mockReturnValue({ lockHost: facts });
    const { find } = await mountPage(HostPage, {
      path: '/hosts/a',
      props: { name: 'a' },
      answers: { HostPage: () => ({ host: facts }), LockHost },
    });
    await find('lock').find('input').setValue('new disk');
    await find('lock').find('form').trigger('submit');
    await flushPromises();
    expect(LockHost).toHaveBeenCalledWith({ name: 'a', reason: 'new disk' });
  });

  test('says why a change was refused', async () => {
    const { find } = await mountPage(HostPage, {
      path: '/hosts/a',
      props: { name: 'a' },
      answers: {
        HostPage: () => ({ host: { ...facts, locked: { by: 'x', reason: 'y', until: null } } }),
        UnlockHost: () => new Refused('Only administrators unlock for others.', 'AT_HOST_LOCKED'),
      },
    });
    await find('unlock').trigger('click');
    await flushPromises();
    expect(find('lock').text()).toContain('Only administrators unlock for others.');
  });

  test('says who has reserved it, and for whom it is', async () => {
    const reservation = { by: 'ana', reason: 'bisect', until: '2999-01-01T00:00:00Z' };
    const { find, wrapper } = await mountPage(HostPage, {
      path: '/hosts/a',
      props: { name: 'a' },
      answers: { HostPage: () => ({ host: { ...facts, reservation, groups: ['kernel', 'net'] } }) },
    });
    expect(find('reservation').text()).toContain('by ana: bisect');
    expect(wrapper.text()).toContain('kernel, net');
  });

  test('says that there is no such host', async () => {
    const { find } = await mountPage(HostPage, {
      path: '/hosts/a',
      props: { name: 'a' },
      answers: { HostPage: () => ({ host: null }) },
    });
    expect(find('empty').text()).toContain('There is no host a');
  });
});
