import type { CommandModule } from 'yargs';
import { followJob } from '../api/follow-job.ts';
import { printReport, readJob } from '../api/job-report.ts';
import { submitOptions, type SubmitArguments } from '../api/submit-options.ts';
import { submit } from '../api/submit.ts';
import { withServer } from '../api/with-server.ts';
import { exitCodeOfJob, type ExitCode } from '../exit-codes.ts';
import { note, outputOption, printData, type OutputFormat } from '../output/print.ts';

interface RunArguments extends SubmitArguments {
  server: string | undefined;
  output: OutputFormat;
  quiet: boolean;
}

/** `autotest run`: submits a job, shows it live, and ends with its verdict as exit code. */
export function runCommand(outcome: { exitCode: ExitCode }): CommandModule<unknown, RunArguments> {
  return {
    command: 'run <control>',
    describe: 'submit a job and watch it to its end; the exit code is its verdict',
    builder: (cli) =>
      submitOptions(cli)
        .option('server', { type: 'string' })
        .option('output', outputOption)
        .option('quiet', { alias: 'q', type: 'boolean', default: false, describe: 'no progress, only the verdict' }),
    handler: async (args) => {
      await withServer(args, async (server) => {
        const submitted = await submit(server, args);
        if (!args.quiet) note(`Job ${submitted.id} is queued: ${server.url}/jobs/${submitted.id}`);
        await followJob(server, submitted.id, { quiet: args.quiet });
        const job = await readJob(server, submitted.id);
        if (args.output === 'table') outcome.exitCode = printReport(job);
        else {
          printData(job, args.output);
          outcome.exitCode = exitCodeOfJob(job.outcome, job.counts);
        }
      });
    },
  };
}
