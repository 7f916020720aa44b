import { nodeKinds, type NodeKind } from '../../../journal/record.ts';
import {
  metricDirections,
  resultOutcomes,
  type MetricDirection,
  type ResultOutcome,
} from '../../../results/outcome.ts';
import { clipName, clipReason } from '../../values.ts';

/**
 * Fields of journal records as columns can take them. A reader of journals only vouches for the envelope: everything else may be of any type,
 * since it comes from a host.
 */

const largestInt = 2 ** 31 - 1;
const latestTime = 8.64e15;

export function readOutcome(value: unknown): ResultOutcome {
  return resultOutcomes.find((outcome) => outcome === value) ?? 'unknown';
}

export function readOriginal(value: unknown): ResultOutcome | undefined {
  return value === undefined || value === null ? undefined : readOutcome(value);
}

export function readNodeKind(value: unknown): NodeKind {
  return nodeKinds.find((kind) => kind === value) ?? 'group';
}

export function readDirection(value: unknown): MetricDirection {
  return metricDirections.find((direction) => direction === value) ?? 'none';
}

export function readName(value: unknown, otherwise: string): string {
  return clipName(typeof value === 'string' ? value : otherwise);
}

export function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? clipReason(value) : undefined;
}

/** Positive 32-bit number. */
export function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= largestInt ? value : undefined;
}

/** ms since the epoch. */
export function readTime(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Math.abs(value) <= latestTime ? Math.round(value) : otherwise;
}

/** ms, from 0. */
export function readDuration(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= latestTime ? Math.round(value) : undefined;
}

export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function readFields(value: unknown): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- any object has fields of unknown types
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
