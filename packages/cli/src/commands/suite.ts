import { formatDuration } from '@autotest/core';
import {
  AbortSuiteDocument,
  CreateSuiteDocument,
  SuiteDocument,
  SuitesDocument,
  type CreateSuiteInput,
  type SuiteFieldsFragment,
  type SuiteQuery,
} from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { refusedError } from '../api/submit.ts';
import { wishOptions, type WishArguments } from '../api/submit-options.ts';
import { wishedSubmission } from '../api/submission.ts';
import { isSuiteFile, readSuiteFile } from '../api/suite-file.ts';
import { withServer } from '../api/with-server.ts';
import { listOptions } from './list-options.ts';
import { notFoundError, UsageError } from '../errors.ts';
import { note, outputOption, printData, printList } from '../output/print.ts';
import { paint, paintState } from '../output/style.ts';
import { formatTable } from '../output/table.ts';

type SuiteJob = NonNullable<SuiteQuery['suite']>['jobs'][number];

/** `autotest suite …` */
export const suiteCommand: CommandModule = {
  command: 'suite <command>',
  describe: 'submit jobs that belong together, list, show and abort them',
  builder: (cli) =>
    cli
      .command(
        'create <files..>',
        'submit a suite and print its id: a YAML or JSON file that describes it, or control files',
        (sub) =>
          wishOptions(
            sub.positional('files', {
              type: 'string',
              array: true,
              demandOption: true,
              describe: 'suite file, or control files',
            }),
          )
            .option('name', { type: 'string', describe: 'name of the suite; of control files it must be given' })
            .option('in-order', {
              type: 'boolean',
              default: false,
              describe: 'each control file after the one before has passed',
            })
            .option('request-id', {
              type: 'string',
              describe: 'submitting again with the same id gives the same suite',
            })
            .option('output', outputOption),
        (args) =>
          withServer(args, async (server) => {
            const input = await suiteOf(args);
            const { createSuite } = await server.request(CreateSuiteDocument, {
              input: { ...input, ...(args['request-id'] !== undefined && { requestId: args['request-id'] }) },
            });
            if (createSuite.__typename !== 'CreateSuiteSuccess') throw refusedError(createSuite);
            if (args.output === 'table') console.log(createSuite.suite.id);
            else printData(createSuite.suite, args.output);
          }),
      )
      .command('list', 'list suites, newest first', listOptions, (args) =>
        withServer(args, async (server) => {
          const { suites } = await server.request(SuitesDocument, { first: args.limit, owner: args.owner ?? null });
          printList(
            suites.edges.map(({ node }) => node),
            args.output,
            columns,
            'There are no such suites.',
          );
        }),
      )
      .command(
        'show <id>',
        'show a suite with its jobs',
        (sub) => sub.positional('id', { type: 'string', demandOption: true }).option('output', outputOption),
        (args) =>
          withServer(args, async (server) => {
            const { suite } = await server.request(SuiteDocument, { id: args.id });
            if (suite === null) throw notFoundError('suite', args.id, 'suite list');
            if (args.output !== 'table') return printData(suite, args.output);
            console.log(
              `${paint('bold', `Suite ${suite.id} ${suite.name}`)}: ${paintState(stateOf(suite))}, ${progressOf(suite)}`,
            );
            console.log(`\n${formatTable(suite.jobs, jobColumns)}`);
          }),
      )
      .command(
        'abort <id>',
        'abort all jobs of a suite',
        (sub) =>
          sub
            .positional('id', { type: 'string', demandOption: true })
            .option('reason', { type: 'string', describe: 'why, for others to read' }),
        (args) =>
          withServer(args, async (server) => {
            const { abortSuite } = await server.request(AbortSuiteDocument, {
              id: args.id,
              reason: args.reason ?? null,
            });
            note(
              abortSuite.entries === 0
                ? `Suite ${args.id} has nothing left to abort.`
                : `Suite ${args.id} is being aborted.`,
            );
          }),
      )
      .demandCommand(1, 'Name a command: create, list, show or abort.'),
  handler: () => undefined,
};

async function suiteOf(args: WishArguments & { files: string[]; 'in-order': boolean }): Promise<CreateSuiteInput> {
  const { files, name } = args;
  const [file] = files;
  if (file !== undefined && files.length === 1 && isSuiteFile(file)) {
    const suite = await readSuiteFile(file);
    return name === undefined ? suite : { ...suite, name };
  }
  if (name === undefined) throw new UsageError('Name the suite with --name.');
  const jobs = await Promise.all(files.map((control) => wishedSubmission(control, { ...args, name: undefined })));
  return {
    name,
    jobs: jobs.map((job, index) => ({
      job,
      afterSiblings: args['in-order'] && index > 0 ? [{ sibling: String(index - 1), when: 'passed' }] : [],
    })),
  };
}

function stateOf({ finishedAt, worstOutcome }: SuiteFieldsFragment): string {
  return finishedAt === null ? 'running' : (worstOutcome ?? 'finished');
}

function progressOf({ finishedCount, jobCount }: SuiteFieldsFragment): string {
  return `${finishedCount} of ${jobCount} jobs finished`;
}

const columns = [
  { title: 'id', value: (suite: SuiteFieldsFragment) => suite.id, align: 'right' },
  { title: 'name', value: (suite: SuiteFieldsFragment) => suite.name },
  { title: 'owner', value: (suite: SuiteFieldsFragment) => suite.owner },
  { title: 'state', value: (suite: SuiteFieldsFragment) => paintState(stateOf(suite)) },
  { title: 'jobs', value: (suite: SuiteFieldsFragment) => `${suite.finishedCount}/${suite.jobCount}`, align: 'right' },
  {
    title: 'age',
    value: (suite: SuiteFieldsFragment) => formatDuration(Date.now() - Date.parse(suite.createdAt)),
    align: 'right',
  },
] as const;

const jobColumns = [
  { title: 'id', value: (job: SuiteJob) => job.id, align: 'right' },
  { title: 'name', value: (job: SuiteJob) => job.name },
  { title: 'state', value: (job: SuiteJob) => paintState(job.outcome ?? job.state) },
  { title: 'after', value: (job: SuiteJob) => job.after.map(({ job: { id }, when }) => `${id}:${when}`).join(' ') },
] as const;
