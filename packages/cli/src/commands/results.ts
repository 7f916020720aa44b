import type { CommandModule } from 'yargs';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { outputFormats, note, printData } from '../output/print.ts';
import { formatMetrics, formatResultTree } from '../output/result-tree.ts';
import { UsageError } from '../errors.ts';
import { readResults, type ResultsReport } from '../results/read-results.ts';

/** `autotest results parse|show DIR`: reads results directories, without a server. */
export function resultsCommand(outcome: { exitCode: ExitCode }): CommandModule {
  return {
    command: 'results <command>',
    describe: 'read results directories, of Autotest and of the original',
    builder: (cli) =>
      cli
        .command({
          command: 'parse <directory>',
          describe: 'read a results directory into rows, and say what was skipped and why',
          builder: (sub) =>
            sub.positional('directory', { type: 'string', demandOption: true }).option('output', {
              alias: 'o',
              choices: outputFormats.filter((format) => format !== 'table'),
              default: 'json',
            }),
          handler: async (args) =>
            printData(await read(args.directory as string), args.output === 'yaml' ? 'yaml' : 'json'),
        } satisfies CommandModule)
        .command({
          command: 'show <directory>',
          describe: 'show verdict, tree and metrics of a results directory',
          builder: (sub) => sub.positional('directory', { type: 'string', demandOption: true }),
          handler: async (args) => {
            const report = await read(args.directory as string);
            for (const job of report.jobs) {
              console.log(`${job.name}: ${job.outcome}`);
              console.log(formatResultTree(job.nodes));
              const metrics = formatMetrics(job.nodes);
              if (metrics) console.log(`\n${metrics}`);
              if (job.outcome !== 'pass') outcome.exitCode = exitCodes.testFailures;
            }
            for (const problem of report.problems) note(`skipped: ${problem}`);
          },
        } satisfies CommandModule)
        .demandCommand(1, 'Name a command: parse or show.'),
    handler: () => undefined,
  };
}

async function read(directory: string): Promise<ResultsReport> {
  const report = await readResults(directory);
  if (report.jobs.length === 0)
    throw new UsageError(`${directory} holds no results: there is neither a journal nor a status log in it.`);
  return report;
}
