import { newStanding, type Standing } from './reasons.ts';
import type { StatusEntry } from './line.ts';

/**
 * One open START.
 *
 * - `client`: nameless, nothing running around it: a client job; its tests are at the top
 * - `group`: has an operation and no directory; named lines inside are tests of their own
 * - `test`: has a directory; lines inside are about the test
 * - `inner`: nameless inside of a test or group; belongs to that
 */
export interface Level {
  readonly kind: 'client' | 'group' | 'test' | 'inner';
  readonly id: number;
  readonly name: string;
  /** Nearest open test or group around. */
  readonly parent: Level | null;
  readonly operation: string | null;
  subdir: string | null;
  readonly started: number | null;
  readonly line: number;
  readonly standing: Standing;
}

/** The level a START opens inside of `parent`. A client job has no name in the log. */
export function openLevel(
  entry: StatusEntry,
  parent: Level | null,
  place: { id: number; line: number; clientName: string },
): Level {
  return {
    kind: kindOf(entry, parent),
    id: place.id,
    name: entry.operation ?? entry.subdir ?? place.clientName,
    parent,
    operation: entry.operation,
    subdir: entry.subdir,
    started: timestampOf(entry),
    line: place.line,
    standing: newStanding(),
  };
}

/** True where a line inside of `level` is about the level itself. */
export function isOwnLine(entry: StatusEntry, level: Level): boolean {
  if (level.kind !== 'group') return true;
  if (entry.operation === null) return entry.subdir === null || entry.subdir === level.subdir;
  if (entry.operation === level.operation) return true;
  return isStep(entry.operation, level.operation);
}

/** Epoch seconds of a line, `null` where it has none or something else than a whole number. */
export function timestampOf(entry: StatusEntry): number | null {
  const text = entry.fields['timestamp'];
  if (text === undefined || !/^\d{1,12}$/.test(text)) return null;
  return Number(text);
}

/** `reboot.verify` is a step of `reboot`, not a test inside of it; likewise for machine installs. */
function isStep(operation: string, group: string | null): boolean {
  if (group !== 'reboot' && group !== 'install') return false;
  return operation.startsWith(`${group}.`);
}

function kindOf(entry: StatusEntry, parent: Level | null): Level['kind'] {
  if (entry.subdir !== null) return 'test';
  if (entry.operation !== null) return 'group';
  return parent === null ? 'client' : 'inner';
}
