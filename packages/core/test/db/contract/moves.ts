import {
  canMove,
  entryMachine,
  isTerminal,
  worstEntryOutcome,
  type EntryMove,
  type EntryOutcome,
} from '@autotest/core';
import type { Database, EntryRow } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

// oxlint-disable-next-line no-unsafe-type-assertion -- keys of the table are its moves
const moves = [...new Set(Object.values(entryMachine.moves).flatMap((leaving) => Object.keys(leaving)))] as EntryMove[];
const outcomes: readonly EntryOutcome[] = ['passed', 'failed', 'error', 'aborted', 'stopped', 'timedOut'];

/** Repeatable random numbers. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

async function tryMove(
  db: Database,
  entry: EntryRow,
  move: EntryMove,
  outcome: EntryOutcome,
): Promise<EntryRow | 'refused' | 'lost'> {
  try {
    return (await db.scheduling.write((w) => w.moveEntry(entry, move, { outcome }))) ?? 'lost';
  } catch (error) {
    expect(error).toMatchObject({ code: 'AT_STATE_MOVE' });
    return 'refused';
  }
}

export function describeMoves(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it.each([1, 2, 3])('keeps to the table of states whatever is tried (seed %i)', async (seed) => {
    const { db } = opened;
    const roll = dice(seed);
    const { job, entries } = await submitWithHosts(db, 4);
    const history: EntryRow[] = [...entries];
    for (let step = 0; step < 150; step++) {
      const current = await db.jobs.entries(job.id);
      // Sometimes of an older version: a plan that somebody else overtook.
      const entry = history[roll(history.length)];
      const move = moves[roll(moves.length)];
      if (!entry || !move) throw new Error('nothing to move');
      const now = current.find((row) => row.id === entry.id);
      const result = await tryMove(db, entry, move, outcomes[roll(outcomes.length)] ?? 'passed');
      const after = await db.jobs.entries(job.id);
      if (result === 'refused') expect(canMove(entryMachine, entry.state, move)).toBe(false);
      if (result === 'lost') expect(now?.version).not.toBe(entry.version);
      if (typeof result === 'string') expect(after).toEqual(current);
      else {
        expect(now?.version).toBe(entry.version);
        expect(result).toMatchObject({ version: entry.version + 1, state: entryMachine.moves[entry.state][move] });
        history.push(result);
      }
      for (const row of current.filter((candidate) => isTerminal(entryMachine, candidate.state)))
        expect(after.find((candidate) => candidate.id === row.id)).toEqual(row);
    }
    const last = await db.jobs.entries(job.id);
    const ended = last.every((entry) => entry.state === 'finished');
    const untouched = last.every((entry) => entry.state === 'queued');
    expect(await db.jobs.byId(job.id)).toMatchObject({ state: ended ? 'finished' : untouched ? 'queued' : 'running' });
    if (ended)
      expect((await db.jobs.byId(job.id))?.outcome).toBe(
        worstEntryOutcome(last.flatMap((entry) => entry.outcome ?? [])),
      );
    const moved = await db.events.since(0, { first: 1000, kinds: ['entry.moved'] });
    expect(moved).toHaveLength(history.length - entries.length);
  });
}
