import { messageOf } from '@autotest/core';
import type { CommandModule } from 'yargs';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { note, outputOption, printData, type OutputFormat } from '../output/print.ts';
import { outcomeMark } from '../output/style.ts';

interface ValidateArguments {
  control: string[];
  output: OutputFormat;
}

/** `autotest validate`: reads and bundles control files, runs nothing. */
export function validateCommand(outcome: { exitCode: ExitCode }): CommandModule<unknown, ValidateArguments> {
  return {
    command: 'validate <control..>',
    describe: 'check control files without running them',
    builder: (cli) =>
      cli
        .positional('control', { type: 'string', array: true, demandOption: true, describe: 'control files' })
        .option('output', outputOption),
    handler: async ({ control, output }) => {
      const { bundleControl } = await import('@autotest/core/bundle');
      const reports: unknown[] = [];
      for (const file of control) {
        try {
          const { metadata, hash, sizeBytes } = await bundleControl({ entryPath: file });
          reports.push({ file, ok: true, metadata, bundle: { hash, sizeBytes } });
          if (output === 'table')
            console.log(`${outcomeMark('pass')} ${file}  ${metadata.type} control "${metadata.name}"`);
        } catch (error) {
          outcome.exitCode = exitCodes.usage;
          const problems =
            error instanceof Error && 'problems' in error ? error.problems : [{ message: messageOf(error) }];
          reports.push({ file, ok: false, problems });
          if (output === 'table') note(`${outcomeMark('fail')} ${messageOf(error)}`);
        }
      }
      if (output !== 'table') printData(reports, output);
    },
  };
}
