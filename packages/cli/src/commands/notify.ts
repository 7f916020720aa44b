import { entryOutcomes, formatDuration } from '@autotest/core';
import {
  AddNotificationRuleDocument,
  MeDocument,
  NotificationDeliveriesDocument,
  NotificationRulesDocument,
  RedeliverNotificationDocument,
  RemoveNotificationRuleDocument,
  TestNotificationRuleDocument,
  UpdateNotificationRuleDocument,
  type Connection,
  type NotificationDeliveryFieldsFragment,
  type NotificationRuleFieldsFragment,
} from '@autotest/graphql/client';
import type { Argv, CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { note, outputOption, printData, printList } from '../output/print.ts';
import { paintState } from '../output/style.ts';
import { limitOption } from './list-options.ts';
import type { Column } from '../output/table.ts';

const occasions = ['jobFinished', 'jobStarted', 'hostSetAside'] as const;

/** `autotest notify …` */
export const notifyCommand: CommandModule = {
  command: 'notify <command>',
  describe: 'say who is told of what by mail or webhook',
  builder: (cli) =>
    cli
      .option('output', outputOption)
      .command(
        'list',
        'list your rules; for administrators those of everybody',
        (sub) => limitOption(sub),
        (args) =>
          withServer(args, async (server) => {
            const { notificationRules } = await server.request(NotificationRulesDocument, { first: args.limit });
            const rules = notificationRules.edges.map(({ node }) => node);
            printList(
              rules,
              args.output,
              ruleColumns,
              'There are no rules. Add one with `autotest notify add TARGET`.',
            );
          }),
      )
      .command(
        'add <target>',
        'add a rule; the secret of a webhook is printed only once',
        (sub) =>
          sub
            .positional('target', {
              type: 'string',
              demandOption: true,
              describe: 'addresses of mail separated by commas, or the http(s) URL of a webhook',
            })
            .option('on', {
              choices: occasions,
              array: true,
              default: ['jobFinished'] as (typeof occasions)[number][],
              describe: 'what is told',
            })
            .option('outcome', {
              choices: entryOutcomes,
              array: true,
              describe: 'only jobs that end so (repeat for several)',
            })
            .option('owner', { type: 'string', describe: 'only jobs of this user; default: yours' })
            .option('all', { type: 'boolean', default: false, describe: 'jobs of everybody' })
            .option('name', { type: 'string', describe: 'only jobs whose name contains this' })
            .option('suite', { type: 'string', describe: 'only jobs of this suite' })
            .option('job', { type: 'string', describe: 'about this job alone' }),
        (args) =>
          withServer(args, async (server) => {
            if (args.all && args.owner !== undefined) throw new UsageError('Give --all or --owner, not both.');
            const owner = args.all || args.job !== undefined ? args.owner : (args.owner ?? (await myLogin(server)));
            const { addNotificationRule: answer } = await server.request(AddNotificationRuleDocument, {
              input: {
                target: args.target,
                ...(args.job !== undefined && { jobId: args.job }),
                filter: {
                  on: args.on,
                  ...(args.outcome && { outcomes: args.outcome }),
                  ...(owner !== undefined && { owner }),
                  ...(args.name !== undefined && { nameContains: args.name }),
                  ...(args.suite !== undefined && { suiteId: args.suite }),
                },
              },
            });
            if (answer.__typename !== 'NotificationRuleSuccess') throw new RefusedError(answer.code, answer.message);
            const { rule, secret } = answer;
            if (args.output !== 'table') return printData({ ...rule, secret }, args.output);
            console.log(rule.id);
            if (secret !== null) noteSecret(rule.target, secret);
          }),
      )
      .command('remove <id>', 'remove a rule with the log of its deliveries', ruleId, (args) =>
        withServer(args, async (server) => {
          await server.request(RemoveNotificationRuleDocument, { id: args.id });
          note(`Rule ${args.id} is removed.`);
        }),
      )
      .command('enable <id>', 'switch a rule on again', ruleId, (args) => switchRule(args, args.id, true))
      .command('disable <id>', 'switch a rule off', ruleId, (args) => switchRule(args, args.id, false))
      .command('test <id>', 'send a message that says only that the rule works', ruleId, (args) =>
        withServer(args, async (server) => {
          const { testNotificationRule } = await server.request(TestNotificationRuleDocument, { id: args.id });
          note(`Delivery ${testNotificationRule.id} is queued; \`autotest notify deliveries\` shows what came of it.`);
        }),
      )
      .command(
        'deliveries',
        'list what was sent or is to be, newest first',
        (sub) =>
          limitOption(sub)
            .option('rule', { type: 'string', describe: 'of this rule' })
            .option('job', { type: 'string', describe: 'about this job' })
            .option('state', { choices: ['queued', 'sending', 'sent', 'failed'] as const }),
        (args) =>
          withServer(args, async (server) => {
            const { notificationDeliveries } = await server.request(NotificationDeliveriesDocument, {
              first: args.limit,
              ruleId: args.rule ?? null,
              jobId: args.job ?? null,
              state: args.state ?? null,
            });
            const deliveries = notificationDeliveries.edges.map(({ node }) => node);
            printList(deliveries, args.output, deliveryColumns, 'There are no such deliveries.');
          }),
      )
      .command(
        'redeliver <id>',
        'send a delivery once more',
        (sub) => sub.positional('id', { type: 'string', demandOption: true, describe: 'number of the delivery' }),
        (args) =>
          withServer(args, async (server) => {
            const { redeliverNotification } = await server.request(RedeliverNotificationDocument, { id: args.id });
            note(`Delivery ${redeliverNotification.id} is ${redeliverNotification.state}.`);
          }),
      )
      .demandCommand(1, 'Name a command: list, add, remove, enable, disable, test, deliveries or redeliver.'),
  handler: () => undefined,
};

/** The one time at which a secret is shown. */
export function noteSecret(target: string, secret: string): void {
  note(`Messages to ${target} are signed with this secret; it is not shown again:\n\n  ${secret}\n`);
}

function ruleId<T>(cli: Argv<T>) {
  return cli.positional('id', { type: 'string', demandOption: true, describe: 'number of the rule' });
}

async function myLogin(server: Connection): Promise<string> {
  return (await server.request(MeDocument, {})).me.login;
}

function switchRule(args: object, id: string, enabled: boolean): Promise<void> {
  return withServer(args, async (server) => {
    const { updateNotificationRule: answer } = await server.request(UpdateNotificationRuleDocument, {
      id,
      input: { enabled },
    });
    if (answer.__typename !== 'NotificationRuleSuccess') throw new RefusedError(answer.code, answer.message);
    note(`Rule ${id} is switched ${enabled ? 'on' : 'off'}.`);
  });
}

const ruleColumns: readonly Column<NotificationRuleFieldsFragment>[] = [
  { title: 'id', value: (rule) => rule.id, align: 'right' },
  { title: 'owner', value: (rule) => rule.owner },
  { title: 'target', value: (rule) => `${rule.target}${rule.enabled ? '' : ' (off)'}` },
  { title: 'on', value: (rule) => rule.filter.on.join(', ') },
  { title: 'jobs', value: jobsOf },
];

function jobsOf({ jobId, filter }: NotificationRuleFieldsFragment): string {
  const parts = [
    jobId !== null && `job ${jobId}`,
    filter.owner !== null && `of ${filter.owner}`,
    filter.nameContains !== null && `named *${filter.nameContains}*`,
    filter.suiteId !== null && `of suite ${filter.suiteId}`,
    filter.outcomes !== null && `that end ${filter.outcomes.join(', ')}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? 'all' : parts.join(', ');
}

const deliveryColumns: readonly Column<NotificationDeliveryFieldsFragment>[] = [
  { title: 'id', value: (delivery) => delivery.id, align: 'right' },
  { title: 'rule', value: (delivery) => delivery.ruleId, align: 'right' },
  { title: 'job', value: (delivery) => delivery.jobId ?? '', align: 'right' },
  { title: 'state', value: (delivery) => paintState(delivery.state) },
  { title: 'attempts', value: (delivery) => String(delivery.attempts), align: 'right' },
  { title: 'age', value: (delivery) => formatDuration(Date.now() - Date.parse(delivery.createdAt)), align: 'right' },
  { title: 'why', value: (delivery) => delivery.problem ?? '' },
];
