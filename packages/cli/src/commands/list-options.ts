import type { Argv } from 'yargs';
import { outputOption } from '../output/print.ts';

/** Options of commands that list what people own. */
export function listOptions<T>(cli: Argv<T>) {
  return limitOption(cli).option('owner', { type: 'string' }).option('output', outputOption);
}

export function limitOption<T>(cli: Argv<T>) {
  return cli.option('limit', { type: 'number', default: 50, describe: 'how many at the most' });
}
