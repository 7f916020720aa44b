import type { ExecutionOptions } from '@autotest/dispatcher';
import type { Argv } from 'yargs';

export interface ExecutionArguments {
  executor: 'local' | 'slurm';
  warm: number | undefined;
  'max-starts-per-second': number | undefined;
  'slurm-partition': string | undefined;
  'slurm-account': string | undefined;
  'slurm-option': string[] | undefined;
  'slurm-conf': string | undefined;
}

/** How a dispatcher carries executions out. */
export function executionOptions<T>(cli: Argv<T>) {
  const group = 'Executions:';
  return cli
    .option('executor', {
      group,
      choices: ['local', 'slurm'] as const,
      default: 'local' as const,
      describe: 'what carries new executions out',
    })
    .option('warm', {
      group,
      type: 'number',
      describe: 'local autoservs that wait for an execution, at most; 0: none',
      defaultDescription: '4',
    })
    .option('max-starts-per-second', {
      group,
      type: 'number',
      describe: 'executions started a second, at most',
      defaultDescription: 'no limit',
    })
    .option('slurm-partition', { group, type: 'string', describe: "partition; default: the cluster's" })
    .option('slurm-account', { group, type: 'string', describe: "account; default: the user's" })
    .option('slurm-option', {
      group,
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'one more option of sbatch, such as --slurm-option=--qos=low; may be repeated',
    })
    .option('slurm-conf', {
      group,
      type: 'string',
      describe: 'slurm.conf of the cluster; default: SLURM_CONF, then where Slurm looks',
    })
    .check(({ warm, 'max-starts-per-second': starts }) => {
      if (warm !== undefined && !(warm >= 0)) throw new Error('--warm is a number from 0 on.');
      if (starts !== undefined && !(starts > 0)) throw new Error('--max-starts-per-second is a number above 0.');
      return true;
    });
}

export function executionOf(args: ExecutionArguments): ExecutionOptions {
  const { executor, warm, 'max-starts-per-second': maxStartsPerSecond } = args;
  return {
    executor,
    ...(warm !== undefined && { warm: { max: Math.floor(warm) } }),
    ...(maxStartsPerSecond !== undefined && { maxStartsPerSecond }),
    slurm: {
      ...(args['slurm-partition'] !== undefined && { partition: args['slurm-partition'] }),
      ...(args['slurm-account'] !== undefined && { account: args['slurm-account'] }),
      ...(args['slurm-option'] !== undefined && { options: args['slurm-option'] }),
      ...(args['slurm-conf'] !== undefined && { confFile: args['slurm-conf'] }),
    },
  };
}
