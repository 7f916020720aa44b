import { JobWhyDocument, watchJob, type Connection } from '@autotest/graphql/client';
import type { Argv, CommandModule } from 'yargs';
import { noJob } from '../api/job-report.ts';
import { withServer } from '../api/with-server.ts';
import { RefusedError } from '../errors.ts';
import { outputOption, printData, type OutputFormat } from '../output/print.ts';
import { formatWhy, type WhyJob } from '../output/why.ts';

interface WhyArguments {
  readonly id: string;
  readonly entry: number | undefined;
  readonly output: OutputFormat;
  readonly watch: boolean;
}

/** `autotest job why ID` */
export const jobWhyCommand: CommandModule<object, WhyArguments> = {
  command: 'why <id>',
  describe: 'say why a job does not run yet, and what would help',
  builder: (cli: Argv) =>
    cli
      .positional('id', { type: 'string', demandOption: true, describe: 'number of the job' })
      .option('entry', { type: 'number', describe: 'only this entry, counted from 0' })
      .option('watch', {
        alias: 'w',
        type: 'boolean',
        default: false,
        describe: 'say it again when it changes, until the job ends',
      })
      .option('output', outputOption),
  handler: (args) =>
    withServer(args, async (server) => {
      let shown = print(await readWhy(server, args), args);
      if (!args.watch) return;
      for await (const { event } of watchJob(server, args.id)) {
        // Results say nothing of what a job waits for.
        if (event !== undefined && event.entry === null) continue;
        shown = print(await readWhy(server, args), args, shown);
      }
    }),
};

/** @throws RefusedError `AT_NOT_FOUND` */
async function readWhy(server: Connection, { id, entry }: WhyArguments): Promise<WhyJob> {
  const { job } = await server.request(JobWhyDocument, { id });
  if (job === null) throw noJob(id);
  if (entry === undefined) return job;
  const entries = job.entries.filter(({ index }) => index === entry);
  if (entries.length === 0)
    throw new RefusedError(
      'AT_NOT_FOUND',
      `Job ${id} has no entry ${entry}; its entries are 0 to ${job.entries.length - 1}.`,
    );
  return { ...job, entries };
}

/** Prints what is not `shown` already; gives what is shown now. */
function print(job: WhyJob, { output }: WhyArguments, shown?: string): string {
  const facts = JSON.stringify(job);
  if (facts === shown) return facts;
  if (shown !== undefined && output === 'table') console.log('');
  if (output === 'table') console.log(formatWhy(job, Date.now()));
  else printData(job, output);
  return facts;
}
