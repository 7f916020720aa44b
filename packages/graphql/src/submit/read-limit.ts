import { refuseInput } from './submit.type.ts';

const longestMs = 365 * 24 * 60 * 60 * 1000;

/**
 * A limit in ms; 0 is no limit.
 *
 * @throws Refused
 */
export function readLimit(field: string, limitMs: number): number {
  if (limitMs > longestMs) refuseInput(field, `The ${field} is longer than a year.`);
  if (limitMs > 0 && limitMs < 1000)
    refuseInput(field, `The ${field} is shorter than a second; it is given in milliseconds.`);
  return limitMs;
}
