import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue, Metric } from '@autotest/core';

/** Appends to the `keyval` file of a test. Keys that the format cannot hold are changed, not lost. */
export function writeTestKeyvals(outputDir: string, values: Readonly<Record<string, JsonValue>>): void {
  const lines = Object.entries(values)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${cleanKey(key)}=${oneLine(value)}\n`);
  appendFileSync(join(outputDir, 'keyval'), lines.join(''));
}

/** Appends one iteration to `results/keyval`; a blank line ends it. */
export function writeIterationKeyvals(
  resultsDir: string,
  attributes: Readonly<Record<string, JsonValue>>,
  metrics: readonly Metric[],
): void {
  const lines = [
    ...Object.entries(attributes).map(([key, value]) => `${cleanKey(key)}{attr}=${oneLine(value)}\n`),
    ...metrics.map(({ name, value }) => `${cleanKey(name)}{perf}=${value}\n`),
  ];
  appendFileSync(join(resultsDir, 'keyval'), `${lines.join('')}\n`);
}

function cleanKey(key: string): string {
  return key.replace(/[^\w.-]/g, '_') || '_';
}

function oneLine(value: JsonValue): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).replace(/[\r\n]+/g, ' ');
}
