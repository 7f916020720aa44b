import { formatDuration, parseDuration } from '@autotest/core';
import {
  AddRecurringDocument,
  RecurringDocument,
  RecurringJobsDocument,
  RemoveRecurringDocument,
  RunRecurringDocument,
  UpdateRecurringDocument,
  type RecurringFieldsFragment,
  type ScheduleInput,
  type UpdateRecurringInput,
} from '@autotest/graphql/client';
import type { Argv, CommandModule } from 'yargs';
import { refusedError } from '../api/submit.ts';
import { controlFile, wishOptions } from '../api/submit-options.ts';
import { wholeNumber, wishedSubmission } from '../api/submission.ts';
import { withServer } from '../api/with-server.ts';
import { listOptions } from './list-options.ts';
import { notFoundError, RefusedError } from '../errors.ts';
import { note, outputOption, printData, printList, printThing } from '../output/print.ts';
import { paintState } from '../output/style.ts';

/** `autotest recurring …` */
export const recurringCommand: CommandModule = {
  command: 'recurring <command>',
  describe: 'submit jobs again and again',
  builder: (cli) =>
    cli
      .command(
        'add <control>',
        'submit a job at the times of a schedule; prints the id of the recurring job',
        (sub) =>
          wishOptions(controlFile(sub))
            .option('cron', {
              type: 'string',
              describe: 'minute, hour, day of month, month, day of week, such as "30 2 * * 1-5"',
            })
            .option('timezone', {
              type: 'string',
              describe: "of --cron, such as Europe/Berlin; default: this machine's",
            })
            .option('every', { type: 'string', describe: 'from one time to the next, such as 6h' })
            .conflicts('cron', 'every')
            .option('start-at', { type: 'string', describe: 'not before this time, such as 2030-01-31T12:00:00Z' })
            .option('missed', {
              choices: ['skip', 'once', 'all'] as const,
              default: 'once' as const,
              describe: 'runs missed while nobody was there: left out, made up for by one, or by all',
            })
            .option('times', { type: 'number', describe: 'how often; default: without end' })
            .option('output', outputOption),
        (args) =>
          withServer(args, async (server) => {
            const input = {
              job: await wishedSubmission(args.control, args),
              schedule: scheduleOf(args),
              missed: args.missed,
              times: wholeNumber('times', args.times) ?? null,
              startAt: args['start-at'] ?? null,
            };
            const { addRecurring } = await server.request(AddRecurringDocument, { input });
            if (addRecurring.__typename !== 'RecurringSuccess') throw refusedError(addRecurring);
            const { recurring } = addRecurring;
            if (args.output !== 'table') return printData(recurring, args.output);
            console.log(recurring.id);
            note(`Next at ${recurring.nextAt}.`);
          }),
      )
      .command('list', 'list recurring jobs, newest first', listOptions, (args) =>
        withServer(args, async (server) => {
          const { recurringJobs } = await server.request(RecurringJobsDocument, {
            first: args.limit,
            owner: args.owner ?? null,
          });
          printList(
            recurringJobs.edges.map(({ node }) => node),
            args.output,
            columns,
            'There are no such recurring jobs.',
          );
        }),
      )
      .command(
        'show <id>',
        'show a recurring job',
        (sub) => recurringId(sub).option('output', outputOption),
        (args) =>
          withServer(args, async (server) => {
            const { recurring } = await server.request(RecurringDocument, { id: args.id });
            if (recurring === null) throw notFoundError('recurring job', args.id, 'recurring list');
            printThing(recurring, args.output, [
              ['id', recurring.id],
              ['name', recurring.name],
              ['owner', recurring.owner],
              ['control file', recurring.control.fileName],
              ['schedule', scheduleText(recurring)],
              ['missed runs', recurring.missed],
              ['left', recurring.remaining === null ? null : String(recurring.remaining)],
              ['next', nextText(recurring)],
              ['last', recurring.lastAt],
              ['last job', lastJobText(recurring)],
              ['problem', recurring.problem],
            ]);
          }),
      )
      .command('enable <id>', 'let it recur again, from now on', recurringId, (args) =>
        change(args, args.id, { enabled: true }, 'enabled'),
      )
      .command('disable <id>', 'let it rest', recurringId, (args) =>
        change(args, args.id, { enabled: false }, 'disabled'),
      )
      .command('remove <id>', 'remove it; the jobs that it submitted stay', recurringId, (args) =>
        withServer(args, async (server) => {
          await server.request(RemoveRecurringDocument, { id: args.id });
          note(`Recurring job ${args.id} is removed.`);
        }),
      )
      .command('run-now <id>', 'submit it now, beside its schedule; prints the id of the job', recurringId, (args) =>
        withServer(args, async (server) => {
          const { runRecurring } = await server.request(RunRecurringDocument, { id: args.id });
          if (runRecurring.__typename !== 'RunRecurringSuccess')
            throw new RefusedError(runRecurring.code, runRecurring.message);
          console.log(runRecurring.job.id);
        }),
      )
      .demandCommand(1, 'Name a command: add, list, show, enable, disable, remove or run-now.'),
  handler: () => undefined,
};

function recurringId<T>(cli: Argv<T>) {
  return cli.positional('id', { type: 'string', demandOption: true, describe: 'number of the recurring job' });
}

/** What people write on a machine is meant by its clock. */
function scheduleOf(args: {
  cron: string | undefined;
  timezone: string | undefined;
  every: string | undefined;
}): ScheduleInput {
  if (args.cron === undefined)
    return {
      every: args.every === undefined ? null : parseDuration(args.every),
      timezone: args.timezone ?? null,
    };
  return { cron: args.cron, timezone: args.timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone };
}

function change(args: object, id: string, input: UpdateRecurringInput, done: string): Promise<void> {
  return withServer(args, async (server) => {
    const { updateRecurring } = await server.request(UpdateRecurringDocument, { id, input });
    if (updateRecurring.__typename !== 'RecurringSuccess')
      throw new RefusedError(updateRecurring.code, updateRecurring.message);
    const { nextAt } = updateRecurring.recurring;
    note(`Recurring job ${id} is ${done}${nextAt === null ? '' : `; next at ${nextAt}`}.`);
  });
}

function scheduleText({ cron, timezone, every }: RecurringFieldsFragment): string {
  return cron === null ? `every ${formatDuration(every ?? 0)}` : `${cron} (${timezone ?? 'UTC'})`;
}

function nextText({ enabled, nextAt, remaining }: RecurringFieldsFragment): string {
  if (nextAt !== null) return nextAt;
  return remaining === 0 ? 'never: it is done' : enabled ? 'never' : 'disabled';
}

function lastJobText({ lastJob }: RecurringFieldsFragment): string {
  return lastJob === null ? '' : `${lastJob.id} ${paintState(lastJob.outcome ?? lastJob.state)}`;
}

const columns = [
  { title: 'id', value: (row: RecurringFieldsFragment) => row.id, align: 'right' },
  { title: 'name', value: (row: RecurringFieldsFragment) => row.name },
  { title: 'owner', value: (row: RecurringFieldsFragment) => row.owner },
  { title: 'schedule', value: scheduleText },
  { title: 'next', value: nextText },
  { title: 'last job', value: lastJobText },
  { title: 'problem', value: (row: RecurringFieldsFragment) => row.problem ?? '' },
] as const;
