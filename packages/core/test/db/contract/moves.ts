import {
  canMove,
  entryMachine,
  isTerminal,
  worstEntryOutcome,
  type EntryMove,
  type EntryOutcome,
} from '@autotest/core';
import type { Change, Database, EntryRow } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { changes, expectCountsOf, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

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

  it.each([4, 5, 6])('keeps the counts of jobs over many commits, retries and lost races (seed %i)', async (seed) => {
    const { db } = opened;
    const roll = dice(seed);
    const jobs = [await submitWithHosts(db, 5), await submitWithHosts(db, 2, { anyHosts: 4 })];
    const seen: EntryRow[] = jobs.flatMap(({ entries }) => entries);
    const newChange = await changes(db);
    const states = new Set<string>();
    for (let round = 0; round < 40; round++) {
      const batch = Array.from({ length: 1 + roll(8) }, () => {
        const change = newChange();
        // The newest of an entry, also of this very commit, or one that is out of date.
        const row = seen[seen.length - 1 - roll(roll(4) === 0 ? seen.length : Math.min(seen.length, 11))];
        if (row) seen.push(...walk(change, row, roll));
        return change;
      });
      const { committed, jobs: progress } = await db.scheduling.commit(batch);
      expect(committed).toHaveLength(batch.length);
      for (const { job } of jobs) await expectCountsOf(db, job.id);
      for (const job of progress) {
        states.add(job.state);
        expect(await db.jobs.byId(job.id)).toMatchObject(job);
      }
      const now = (await Promise.all(jobs.map(({ job }) => db.jobs.entries(job.id)))).flat();
      seen.push(...now);
      if (roll(3) === 0) await db.jobs.requestAbort(jobs[roll(2)]?.job.id ?? 0, 'anna', 'enough');
    }
    const moved = await db.events.since(0, { first: 5000, kinds: ['entry.moved'] });
    expect(moved.some(({ data }) => data.to === 'queued')).toBe(true);
    expect(states).toContain('running');
  });
}

/** A few steps of an entry, giving up seldom, so that some are tried again. */
function walk(change: Change, entry: EntryRow, roll: (sides: number) => number): EntryRow[] {
  const rows: EntryRow[] = [];
  let row = entry;
  for (let steps = 1 + roll(4); steps > 0; steps--) {
    const possible = moves.filter((move) => canMove(entryMachine, row.state, move));
    const move = roll(6) === 0 ? possible[roll(possible.length)] : possible.find((name) => !endings.has(name));
    if (!move) break;
    const outcome = outcomes[roll(outcomes.length)];
    row = change.moveEntry(row, roll(3) === 0 && row.state === 'preparing' ? 'host_failed' : move, {
      ...(outcome && { outcome }),
    });
    rows.push(row);
  }
  return rows;
}

const endings: ReadonlySet<EntryMove> = new Set(['give_up', 'abort']);
