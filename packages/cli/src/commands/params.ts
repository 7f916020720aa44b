import { UsageError } from '../errors.ts';

/** `--param name=value` pairs, as given: the schema of the control file decides on types. */
export function parsePairs(pairs: readonly string[], option: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--${option} takes name=value, not ${JSON.stringify(pair)}.`);
    values[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return values;
}
