import type { Argv } from 'yargs';

/** Options that say how a job is to run. */
export interface WishArguments {
  host: string[];
  any: number | undefined;
  needs: string | undefined;
  name: string | undefined;
  param: string[];
  keyval: string[];
  priority: 'low' | 'medium' | 'high' | 'urgent' | undefined;
  timeout: string | undefined;
  'max-runtime': string | undefined;
  'idle-timeout': string | undefined;
  retries: number | undefined;
  'infra-retries': number | undefined;
  'same-value-of': string | undefined;
  provision: string | undefined;
  'reserve-on': 'never' | 'failure' | 'always' | undefined;
  'reserve-for': string | undefined;
  pool: string | undefined;
  after: string[];
}

/** Options of every command that submits one job. */
export interface SubmitArguments extends WishArguments {
  control: string;
  'one-time': string[];
  'request-id': string | undefined;
  notify: string[];
}

export function submitOptions<T>(cli: Argv<T>) {
  return wishOptions(controlFile(cli))
    .option('one-time', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: 'user@host[:port] that is registered for this job alone (repeat for several)',
    })
    .option('request-id', { type: 'string', describe: 'submitting again with the same id gives the same job' })
    .option('notify', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'who is told when the job ends: an address of mail or the URL of a webhook (repeat for several)',
    });
}

export function controlFile<T>(cli: Argv<T>) {
  return cli.positional('control', { type: 'string', demandOption: true, describe: 'control file' });
}

export function wishOptions<T>(cli: Argv<T>) {
  return cli
    .option('host', {
      alias: 'm',
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'run on this host (repeat for several)',
    })
    .option('any', {
      alias: 'n',
      type: 'number',
      describe: 'run on that many hosts to be chosen; default 1 where no host is named',
    })
    .option('needs', { type: 'string', describe: 'label expression that hosts must fulfil' })
    .option('name', { type: 'string', describe: 'name of the job; default: of the control file' })
    .option('param', {
      alias: 'p',
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'name=value of a declared parameter',
    })
    .option('keyval', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'name=value kept with the job',
    })
    .option('priority', { choices: ['low', 'medium', 'high', 'urgent'] as const })
    .option('timeout', { type: 'string', describe: 'of the job from now on, such as 2h' })
    .option('max-runtime', { type: 'string', describe: 'of each execution, such as 30m' })
    .option('idle-timeout', {
      type: 'string',
      describe: 'end an execution that writes nothing for so long, such as 10m',
    })
    .option('retries', { type: 'number', describe: 'tries more where a test failed, 0 to 10' })
    .option('infra-retries', { type: 'number', describe: 'tries more where the lab failed, 0 to 10; default 1' })
    .option('same-value-of', {
      type: 'string',
      describe: 'key of a label, such as rack: hosts that work together carry the same value of it',
    })
    .option('provision', { type: 'string', describe: 'what hosts are provisioned with first' })
    .option('reserve-on', {
      choices: ['never', 'failure', 'always'] as const,
      describe: 'when to keep the hosts for you afterwards',
    })
    .option('reserve-for', { type: 'string', describe: 'how long to keep them then, such as 2h' })
    .option('pool', { type: 'string', describe: 'only dispatchers of this set run it' })
    .option('after', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      describe: 'job that has to end first: 7:passed or 7:finished; default passed (repeat for several)',
    });
}
