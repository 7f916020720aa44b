import { createHash } from 'node:crypto';
import type { SimulatedDatabase } from '@autotest/core/testing';
import { Told } from './events.ts';
import { FairShare, type Account } from './fair-share.ts';
import { epochsRise, leasesHaveHolders, oneHolder, statesMatchLeases, withinLimits } from './holding.ts';
import { columns, type Known, type StoredEvent } from './known.ts';
import {
  countsMatch,
  dependenciesHold,
  executionsMatchEntries,
  executionsMatchTasks,
  groupsAreWhole,
  outcomesAreFinal,
  ownDirectories,
  withinRetries,
} from './work.ts';
import { Violation } from '../violation.ts';

/** Every so many looks all rows are read: a change that no event tells of is found then. */
const fullEvery = 25;

/** Looks at the database after each step: at what events tell of, and now and then at everything. It sees rows only, and nothing of what a dispatcher thinks. */
export class Checker {
  readonly known: Known = {
    entries: new Map(),
    hosts: new Map(),
    tasks: new Map(),
    executions: new Map(),
    jobs: new Map(),
    leases: new Map(),
  };
  readonly #database: SimulatedDatabase;
  readonly #limits: ReadonlyMap<string, number>;
  readonly #told = new Told();
  readonly #fairShare: FairShare | undefined;
  readonly #hash = createHash('sha1');
  #cursor = 0;
  #looks = 0;

  /** @param options.isOpen every host is open to everybody: then it is checked that each account gets its share */
  constructor(
    database: SimulatedDatabase,
    { accounts, isOpen }: { accounts: ReadonlyMap<string, Account>; isOpen: boolean },
  ) {
    this.#database = database;
    this.#limits = new Map(
      [...accounts].flatMap(([name, { maxHosts }]) => (maxHosts === undefined ? [] : [[name, maxHosts]])),
    );
    this.#fairShare = isOpen ? new FairShare(accounts) : undefined;
  }

  get eventCount(): number {
    return this.#cursor;
  }

  /** The same for the same events: tells whether two runs were alike. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  async begin(): Promise<void> {
    await this.#readAll();
    this.#told.begin(this.known);
    const [last] = await this.#database.query<{ id: number | null }>('select max(id) as id from events');
    this.#cursor = last?.id ?? 0;
  }

  /** Gives the events since the last look. @throws Violation */
  async look(): Promise<readonly StoredEvent[]> {
    const events = await this.#database.query<StoredEvent>(
      'select id, t, kind, jobId, entryId, executionId, hostId, taskId, data from events where id > ? order by id',
      [this.#cursor],
    );
    if (events.length === 0) return events;
    const leasesBefore = new Map(this.known.leases);
    const touched = await this.#read(events);
    if (++this.#looks % fullEvery === 0) await this.#checkAll();
    for (const event of events) {
      this.#hash.update(
        `${event.kind} ${event.entryId} ${event.taskId} ${event.hostId} ${event.executionId} ${event.data}\n`,
      );
      this.#told.take(event);
      this.#fairShare?.take(event, this.known);
    }
    for (const kind of ['entries', 'hosts', 'tasks', 'executions'] as const)
      this.#told.compare(this.known, kind, touched[kind]);
    this.#cursor = events.at(-1)?.id ?? this.#cursor;
    oneHolder(this.known);
    leasesHaveHolders(this.known);
    statesMatchLeases(this.known);
    epochsRise(leasesBefore, this.known);
    withinLimits(this.known, this.#limits);
    executionsMatchEntries(this.known);
    executionsMatchTasks(this.known);
    ownDirectories(this.known);
    withinRetries(this.known);
    groupsAreWhole(this.known);
    countsMatch(this.known, touched.jobs);
    outcomesAreFinal(this.known, touched.entries);
    dependenciesHold(this.known, touched.entries);
    return events;
  }

  /** At the end: everything is over, and nothing is held. @throws Violation */
  async finish(jobIds: readonly number[]): Promise<void> {
    await this.look();
    await this.#checkAll();
    countsMatch(this.known, this.known.jobs.keys());
    for (const id of jobIds) {
      const job = this.known.jobs.get(id);
      if (job?.state !== 'finished')
        throw new Violation('progress', `job ${id} is ${job?.state ?? 'not there'} at the end`);
    }
  }

  /** What is not over yet, for people; empty: everything is. */
  open(): string[] {
    const { entries, tasks, executions, leases } = this.known;
    return [
      ...[...entries.values()]
        .filter(({ state }) => state !== 'finished')
        .map(
          ({ id, state, jobId, hostId, dispatcherId }) =>
            `entry ${id} of job ${jobId} is ${state} (host ${hostId}, dispatcher ${dispatcherId})`,
        ),
      ...[...tasks.values()]
        .filter(({ state }) => state !== 'finished')
        .map(
          ({ id, state, hostId, entryId, dispatcherId }) =>
            `task ${id} of host ${hostId} for entry ${entryId ?? '-'} is ${state} at ${dispatcherId ?? 'nobody'}`,
        ),
      ...[...executions.values()]
        .filter(({ state }) => state !== 'ingested')
        .map(({ id, state, purpose }) => `execution ${id} (${purpose}) is ${state}`),
      ...[...leases.values()]
        .filter(({ holderId }) => holderId !== null)
        .map(({ hostId, holderKind, holderId }) => `host ${hostId} is held by ${holderKind} ${holderId}`),
    ];
  }

  /** Reads what events are about. */
  async #read(events: readonly StoredEvent[]) {
    const ids = (pick: (event: StoredEvent) => number | null) => new Set(events.flatMap((event) => pick(event) ?? []));
    const touched = {
      entries: ids(({ entryId }) => entryId),
      hosts: ids(({ hostId }) => hostId),
      tasks: ids(({ taskId }) => taskId),
      executions: ids(({ executionId }) => executionId),
      jobs: ids(({ jobId }) => jobId),
    };
    const submitted = events.flatMap(({ kind, jobId }) => (kind === 'job.submitted' ? (jobId ?? []) : []));
    for (const kind of ['entries', 'hosts', 'tasks', 'executions', 'jobs'] as const)
      await this.#readRows(kind, touched[kind]);
    await this.#readRows('leases', touched.hosts, 'hostId');
    if (submitted.length > 0) {
      await this.#readRows('entries', new Set(submitted), 'jobId');
      for (const jobId of submitted)
        for (const { id } of this.known.entries.values())
          if (this.known.entries.get(id)?.jobId === jobId) touched.entries.add(id);
    }
    return touched;
  }

  async #readRows(kind: keyof Known, ids: ReadonlySet<number>, column = 'id'): Promise<void> {
    if (ids.size === 0) return;
    const list = [...ids].join(',');
    const rows = await this.#database.query<{ id: number; hostId: number }>(
      `select ${columns[kind]} from ${kind} where ${column} in (${list})`,
    );
    for (const row of rows) this.known[kind].set(kind === 'leases' ? row.hostId : row.id, row as never);
  }

  async #readAll(): Promise<void> {
    for (const kind of Object.keys(columns) as (keyof Known)[]) {
      const rows = await this.#database.query<{ id: number; hostId: number }>(`select ${columns[kind]} from ${kind}`);
      for (const row of rows) this.known[kind].set(kind === 'leases' ? row.hostId : row.id, row as never);
    }
  }

  /** Nothing changed that no event told of. */
  async #checkAll(): Promise<void> {
    const { entries, hosts, tasks, executions } = this.known;
    const before = {
      entries: new Map(entries),
      hosts: new Map(hosts),
      tasks: new Map(tasks),
      executions: new Map(executions),
    };
    const sizes = Object.fromEntries(Object.entries(this.known).map(([kind, rows]) => [kind, rows.size]));
    await this.#readAll();
    for (const kind of ['entries', 'hosts', 'tasks', 'executions'] as const) {
      for (const [id, row] of this.known[kind]) {
        const was = before[kind].get(id);
        if (was?.state !== row.state)
          throw new Violation(
            'events match rows',
            `${kind} ${id} became ${row.state} from ${was?.state ?? 'nothing'}, and no event tells of it`,
          );
      }
      const [count] = await this.#database.query<{ n: number }>(`select count(*) as n from ${kind}`);
      if (count?.n !== sizes[kind])
        throw new Violation('no entry is lost', `there are ${count?.n} ${kind} and were ${sizes[kind]}`);
    }
  }
}
