import { classicEntryStatus, formatDuration } from '@autotest/core';
import {
  AbortJobDocument,
  ExecutionDocument,
  JobsDocument,
  readFile,
  tailLog,
  type Connection,
  type JobsQuery,
} from '@autotest/graphql/client';
import type { Argv, CommandModule } from 'yargs';
import { followJob } from '../api/follow-job.ts';
import { printReport, readJob, type WholeJob } from '../api/job-report.ts';
import { rerunJob } from '../api/rerun.ts';
import { submitOptions } from '../api/submit-options.ts';
import { submit } from '../api/submit.ts';
import { withServer } from '../api/with-server.ts';
import { RefusedError } from '../errors.ts';
import { exitCodeOfJob, type ExitCode } from '../exit-codes.ts';
import { note, outputOption, printData, printList, type OutputFormat } from '../output/print.ts';
import { paintState } from '../output/style.ts';
import { jobWhyCommand } from './job-why.ts';
import { listOptions } from './list-options.ts';

type ListedJob = JobsQuery['jobs']['edges'][number]['node'];

/** `autotest job …` */
export function jobCommand(outcome: { exitCode: ExitCode }): CommandModule {
  return {
    command: 'job <command>',
    describe: 'create, list, show, explain, watch and abort jobs',
    builder: (cli) =>
      cli
        .command(
          'create <control>',
          'submit a job and print its id',
          (sub) => submitOptions(sub).option('output', outputOption),
          (args) =>
            withServer(args, async (server) => {
              const job = await submit(server, args);
              if (args.output === 'table') console.log(job.id);
              else printData(job, args.output);
            }),
        )
        .command(
          'list',
          'list jobs, newest first',
          (sub) =>
            listOptions(sub)
              .option('state', { choices: ['queued', 'running', 'finished'] as const })
              .option('outcome', { choices: ['passed', 'failed', 'error', 'aborted', 'stopped', 'timedOut'] as const })
              .option('name', { type: 'string', describe: 'part of the name' })
              .option('classic', {
                type: 'boolean',
                default: false,
                describe: "states in the original's words (Queued, Verifying, … Completed)",
              }),
          (args) =>
            withServer(args, async (server) => {
              const { jobs } = await server.request(JobsDocument, {
                first: args.limit,
                owner: args.owner ?? null,
                state: args.state ?? null,
                outcome: args.outcome ?? null,
                nameContains: args.name ?? null,
              });
              printJobs(
                jobs.edges.map((edge) => edge.node),
                args.output,
                args.classic,
              );
            }),
        )
        .command(
          'show <id>',
          'show a job with its results',
          (sub) => jobId(sub).option('output', outputOption),
          (args) =>
            withServer(args, async (server) => {
              const job = await readJob(server, args.id);
              if (args.output === 'table') printReport(job);
              else printData(job, args.output);
            }),
        )
        .command(jobWhyCommand)
        .command('watch <id>', 'follow a job to its end; the exit code is its verdict', jobId, (args) =>
          withServer(args, async (server) => {
            await followJob(server, args.id);
            outcome.exitCode = printReport(await readJob(server, args.id));
          }),
        )
        .command(
          'logs <id> [path]',
          'print a log of a job',
          (sub) =>
            jobId(sub)
              .positional('path', { type: 'string', describe: 'file of the results directory; default: the main log' })
              .option('follow', {
                alias: 'f',
                type: 'boolean',
                default: false,
                describe: 'print what comes, until the job ends',
              })
              .option('list', { type: 'boolean', default: false, describe: 'list the logs there are' }),
          (args) => withServer(args, (server) => printLog(server, args)),
        )
        .command(
          'abort <id>',
          'abort a job',
          (sub) => jobId(sub).option('reason', { type: 'string', describe: 'why, for others to read' }),
          (args) =>
            withServer(args, async (server) => {
              const { abortJob } = await server.request(AbortJobDocument, { id: args.id, reason: args.reason ?? null });
              note(
                abortJob.entries === 0
                  ? `Job ${args.id} has nothing left to abort.`
                  : `Job ${args.id} is being aborted.`,
              );
              if (abortJob.job.state === 'finished')
                outcome.exitCode = exitCodeOfJob(abortJob.job.outcome, { total: 1, skip: 0 });
            }),
        )
        .command(
          'rerun <id>',
          'submit a job again, as it was; prints the id of the new one',
          (sub) =>
            jobId(sub).option('same-hosts', {
              type: 'boolean',
              default: false,
              describe: 'on the hosts that were chosen then, too',
            }),
          (args) =>
            withServer(args, async (server) => {
              console.log((await rerunJob(server, args.id, { sameHosts: args.sameHosts })).id);
            }),
        )
        .demandCommand(1, 'Name a command: create, list, show, why, watch, logs, abort or rerun.'),
    handler: () => undefined,
  };
}

function jobId<T>(cli: Argv<T>) {
  return cli.positional('id', { type: 'string', demandOption: true, describe: 'number of the job' });
}

function printJobs(jobs: readonly ListedJob[], output: OutputFormat, classic: boolean): void {
  printList(
    jobs,
    output,
    [
      { title: 'id', value: (job) => job.id, align: 'right' },
      { title: 'name', value: (job) => job.name },
      { title: 'owner', value: (job) => job.owner },
      { title: 'state', value: (job) => (classic ? classicStates(job) : paintState(job.outcome ?? job.state)) },
      { title: 'hosts', value: (job) => hostsOf(job) },
      { title: 'tests', value: (job) => countsOf(job) },
      { title: 'age', value: (job) => formatDuration(Date.now() - Date.parse(job.createdAt)), align: 'right' },
    ],
    'There are no such jobs.',
  );
}

/** The original lists how many entries of a job are in which status. */
function classicStates({ entries }: ListedJob): string {
  const counts = Map.groupBy(entries, ({ state, outcome }) => classicEntryStatus(state, outcome ?? undefined));
  return [...counts].map(([status, group]) => `${group.length} ${status}`).join(', ');
}

function hostsOf(job: ListedJob): string {
  const names = job.entries.map((entry) => entry.host?.name ?? 'any');
  return names.length > 3 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(', ');
}

function countsOf({ counts }: ListedJob): string {
  const bad = counts.fail + counts.error + counts.abort + counts.timeout + counts.unknown;
  return counts.total === 0
    ? ''
    : `${counts.pass + counts.warn} ok${bad > 0 ? `, ${bad} bad` : ''}${counts.skip > 0 ? `, ${counts.skip} skipped` : ''}`;
}

interface LogArguments {
  id: string;
  path: string | undefined;
  follow: boolean;
  list: boolean;
}

async function printLog(server: Connection, args: LogArguments): Promise<void> {
  const executionId = await mainExecution(server, args);
  const { execution } = await server.request(ExecutionDocument, { id: executionId });
  const logs = execution?.logs ?? [];
  if (args.list)
    return printList(
      logs,
      'table',
      [
        { title: 'bytes', value: (log) => String(log.size), align: 'right' },
        { title: 'path', value: (log) => log.path },
      ],
      'There are no logs yet.',
    );
  const path = args.path ?? logs[0]?.path;
  if (path === undefined) throw new RefusedError('AT_NOT_FOUND', `Job ${args.id} has written no log yet.`);
  if (args.follow) {
    for await (const chunk of tailLog(server, { executionId, path })) process.stdout.write(chunk.text);
    return;
  }
  let offset = 0;
  for (let end = false; !end;) {
    const chunk = await readFile(server, { executionId, path, offset, length: 1024 * 1024 });
    process.stdout.write(chunk.text);
    end = chunk.text === '';
    offset = chunk.nextOffset;
  }
}

async function mainExecution(server: Connection, args: LogArguments): Promise<string> {
  const waitUntil = args.follow ? Date.now() + 10 * 60_000 : 0;
  for (;;) {
    const job: WholeJob = await readJob(server, args.id);
    const execution = job.executions.findLast((candidate) => candidate.purpose === 'job') ?? job.executions.at(-1);
    if (execution) return execution.id;
    if (job.state === 'finished' || Date.now() >= waitUntil)
      throw new RefusedError(
        'AT_NOT_FOUND',
        `Job ${args.id} has not started anything${job.state === 'finished' ? '' : ' yet'}.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
