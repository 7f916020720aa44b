import { compileLabels, prepareLabels, splitLabel, type LabelExpression } from '@autotest/core';
import type { Database, HostRow } from '@autotest/core/db';
import { HostsUnavailableType, Refused } from './submit.type.ts';

/**
 * Hosts that work together must be alike: enough of them have to carry one value of the key. Of the named ones, or, where there are hosts to be chosen, of all.
 *
 * @throws Refused
 */
export async function checkAlike(
  database: Database,
  named: readonly HostRow[] | undefined,
  needs: LabelExpression | undefined,
  { key, count }: { key: string; count: number },
): Promise<void> {
  const holds = needs === undefined ? () => true : compileLabels(needs);
  const hosts = named ?? (await database.hosts.all()).filter(({ oneTime }) => !oneTime);
  const fitting = hosts.filter(({ labels }) => holds(prepareLabels(labels)));
  const values = fitting.flatMap(({ labels }) => labels.map(splitLabel).filter((label) => label.key === key));
  const sizes = [...Map.groupBy(values, ({ value }) => value)].map(([, same]) => same.length);
  const largest = Math.max(0, ...sizes);
  if (largest >= count) return;
  const message = `The job starts on ${count} hosts with the same ${key}, but ${largest === 0 ? `no host that fits has a label ${key}:…` : `at most ${largest} of those that fit carry the same one`}.`;
  throw new Refused(new HostsUnavailableType(message, ['input', 'sameValueOf'], []));
}
