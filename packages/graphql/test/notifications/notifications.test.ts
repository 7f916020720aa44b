import { describe, expect, test } from 'vitest';
import {
  AddNotificationRuleDocument,
  NotificationDeliveriesDocument,
  NotificationRulesDocument,
  RedeliverNotificationDocument,
  RemoveNotificationRuleDocument,
  submitJob,
  TestNotificationRuleDocument,
  UpdateNotificationRuleDocument,
  type AddNotificationRuleInput,
  type Connection,
  type NotificationFilterInput,
} from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startTestServer } from '../support/test-server.ts';

const hook = 'https://ci.example.org/hook';

async function add(api: Connection, input: AddNotificationRuleInput) {
  const { addNotificationRule: answer } = await api.request(AddNotificationRuleDocument, { input });
  if (answer.__typename !== 'NotificationRuleSuccess') throw new Error(answer.message);
  return answer;
}

async function targetsSeenBy(api: Connection, owner: string | null = null): Promise<string[]> {
  const { notificationRules } = await api.request(NotificationRulesDocument, { owner });
  return notificationRules.edges.map(({ node }) => node.target);
}

describe('rules of notification', () => {
  test('show their secret once, when they are made, and never again', async () => {
    const { database, as, post, token } = await startTestServer();
    const ada = await as('ada', 'user');
    const { rule, secret } = await add(ada, { target: hook });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rule).toMatchObject({ owner: 'ada', channel: 'webhook', target: hook, signed: true, enabled: true });
    expect((await database.notifications.ruleById(Number(rule.id)))?.secret).toBe(secret);
    const { rule: mail, secret: none } = await add(ada, { target: 'ada@example.org' });
    expect([mail.channel, mail.signed, none]).toEqual(['mail', false, null]);
    await ada.request(UpdateNotificationRuleDocument, { id: rule.id, input: { enabled: false } });
    await ada.request(UpdateNotificationRuleDocument, { id: rule.id, input: { enabled: true } });
    await ada.request(TestNotificationRuleDocument, { id: rule.id });
    const authorization = `Bearer ${await token('root', 'admin')}`;
    const query = `{ notificationRules { edges { node { id owner target signed filter { on } } } }
      notificationDeliveries { edges { node { message problem } } } events: eventCursor }`;
    const { body } = await post({ query }, { authorization });
    expect(body.errors).toBeUndefined();
    expect(JSON.stringify(body)).not.toContain('whsec_');
    expect(JSON.stringify(await database.events.since(0, { first: 100 }))).not.toContain('whsec_');
  });

  test('keep what they are to be told of', async () => {
    const { as } = await startTestServer();
    const ada = await as('ada', 'user');
    const filter: NotificationFilterInput = {
      on: ['jobFinished', 'hostSetAside'],
      outcomes: ['failed', 'error'],
      owner: 'bob',
      nameContains: 'boot',
      suiteId: '7',
    };
    expect((await add(ada, { target: hook, filter })).rule.filter).toEqual(filter);
    const plain = (await add(ada, { target: hook })).rule.filter;
    expect(plain).toEqual({ on: ['jobFinished'], outcomes: null, owner: null, nameContains: null, suiteId: null });
    const { updateNotificationRule } = await ada.request(UpdateNotificationRuleDocument, {
      id: '1',
      input: { filter: { on: ['jobStarted'] } },
    });
    expect(updateNotificationRule).toMatchObject({
      rule: { filter: { on: ['jobStarted'], owner: null }, enabled: true },
    });
  });

  test.for<[string, AddNotificationRuleInput, string[]]>([
    ['a target that is none', { target: 'nowhere' }, ['input', 'target']],
    ['a target of another kind', { target: 'file:///etc/passwd' }, ['input', 'target']],
    ['no occasion', { target: hook, filter: { on: [] } }, ['input', 'filter', 'on']],
    ['no outcome', { target: hook, filter: { outcomes: [] } }, ['input', 'filter', 'outcomes']],
    [
      'an endless name',
      { target: hook, filter: { nameContains: 'x'.repeat(256) } },
      ['input', 'filter', 'nameContains'],
    ],
    ['a suite that is none', { target: hook, filter: { suiteId: 'x' } }, ['input', 'filter', 'suiteId']],
  ])('are refused in words with %s', async ([, input, path]) => {
    const { as } = await startTestServer();
    const { addNotificationRule } = await (await as('ada', 'user')).request(AddNotificationRuleDocument, { input });
    expect(addNotificationRule).toMatchObject({ __typename: 'InputInvalid', code: 'AT_INPUT_INVALID', path });
  });

  test('are about a job only where there is one', async () => {
    const { as } = await startTestServer();
    const adding = add(await as('ada', 'user'), { target: hook, jobId: '99' });
    await expect(adding).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  test('and their deliveries are seen by their owner and by administrators', async () => {
    const { as } = await startTestServer();
    const [ada, bob, root] = [await as('ada', 'user'), await as('bob', 'user'), await as('root', 'admin')];
    const { rule } = await add(ada, { target: 'ada@example.org' });
    await add(bob, { target: 'bob@example.org' });
    await ada.request(TestNotificationRuleDocument, { id: rule.id });
    expect(await targetsSeenBy(ada)).toEqual(['ada@example.org']);
    expect(await targetsSeenBy(bob)).toEqual(['bob@example.org']);
    expect(await targetsSeenBy(root)).toEqual(['bob@example.org', 'ada@example.org']);
    expect(await targetsSeenBy(root, 'ada')).toEqual(['ada@example.org']);
    await expect(targetsSeenBy(bob, 'ada')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const countOf = async (api: Connection) =>
      (await api.request(NotificationDeliveriesDocument, {})).notificationDeliveries.edges.length;
    expect([await countOf(ada), await countOf(bob), await countOf(root)]).toEqual([1, 0, 1]);
  });

  test('are tried out, switched off and removed', async () => {
    const { database, as } = await startTestServer();
    const ada = await as('ada', 'user');
    const { rule } = await add(ada, { target: hook });
    const { testNotificationRule: delivery } = await ada.request(TestNotificationRuleDocument, { id: rule.id });
    expect(delivery).toMatchObject({ ruleId: rule.id, state: 'queued', attempts: 0 });
    const { notificationDeliveries } = await ada.request(NotificationDeliveriesDocument, { state: 'queued' });
    expect(notificationDeliveries.edges[0]?.node.message).toMatchObject({ type: 'test', data: { by: 'ada' } });
    await ada.request(UpdateNotificationRuleDocument, { id: rule.id, input: { enabled: false } });
    expect(await database.notifications.deliveryById(Number(delivery.id))).toMatchObject({ state: 'failed' });
    for (const refused of [
      ada.request(TestNotificationRuleDocument, { id: rule.id }),
      ada.request(RedeliverNotificationDocument, { id: delivery.id }),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'AT_INPUT_INVALID' });
    await ada.request(UpdateNotificationRuleDocument, { id: rule.id, input: { enabled: true } });
    const { redeliverNotification } = await ada.request(RedeliverNotificationDocument, { id: delivery.id });
    expect(redeliverNotification).toMatchObject({ state: 'queued', problem: null });
    await ada.request(RemoveNotificationRuleDocument, { id: rule.id });
    for (const missing of [
      ada.request(TestNotificationRuleDocument, { id: rule.id }),
      ada.request(RedeliverNotificationDocument, { id: delivery.id }),
      ada.request(RemoveNotificationRuleDocument, { id: rule.id }),
    ])
      await expect(missing).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });
});

describe('a submission with notify', () => {
  async function start() {
    const server = await startTestServer();
    await server.database.hosts.add({ name: 'h1', transport: 'ssh', address: 'h1', port: 22, user: 'root' }, 'test');
    return { ...server, api: await server.as('ada', 'user') };
  }

  test('makes rules about the job, and shows secrets that were made for them, once', async () => {
    const { api } = await start();
    const input = { source: controlSource(), hosts: ['h1'], requestId: 'r', notify: ['ada@example.org', hook, hook] };
    const { job, notifications } = await submitJob(api, input);
    expect(notifications.map(({ rule, secret }) => [rule.target, rule.jobId, secret === null])).toEqual([
      ['ada@example.org', job.id, true],
      [hook, job.id, false],
    ]);
    expect(await submitJob(api, input)).toMatchObject({ repeated: true, notifications: [] });
    expect(await targetsSeenBy(api)).toHaveLength(2);
  });

  test('signs with the secret that a receiver knows from a standing rule, and does not show it', async () => {
    const { api, database } = await start();
    const { secret } = await add(api, { target: hook });
    const { notifications } = await submitJob(api, { source: controlSource(), hosts: ['h1'], notify: [hook] });
    expect(notifications).toMatchObject([{ secret: null, rule: { signed: true } }]);
    expect((await database.notifications.ruleById(2))?.secret).toBe(secret);
  });

  test('is refused in words where a target is none, or there are too many', async () => {
    const { api, database } = await start();
    const many = Array.from({ length: 11 }, (_, n) => `a${n}@example.org`);
    for (const notify of [['nowhere'], many])
      await expect(submitJob(api, { source: controlSource(), hosts: ['h1'], notify })).rejects.toMatchObject({
        code: 'AT_INPUT_INVALID',
        refusal: { path: ['input', 'notify'] },
      });
    expect(await database.jobs.list({ first: 9 })).toEqual([]);
  });
});
