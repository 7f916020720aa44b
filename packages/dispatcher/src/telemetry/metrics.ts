import type { EntryOutcome, EntryState, ExitClass, HostState, Purpose, TaskKind, TaskOutcome } from '@autotest/core';
import { longSeconds, shortSeconds, type Metrics } from '@autotest/core/telemetry';
import type { DecisionKind, DecisionOutcome } from './decisions.ts';

/** What a dispatcher counts. The names are a contract with the dashboards of others: docs/guides/operating.md lists them. All times are ms. */
export interface DispatcherMetrics {
  /** All entries that are not finished, and all hosts, as the last look at the database found them. States that are left out have none. */
  queue(entries: Partial<Record<EntryState, number>>): void;
  hosts(hosts: Partial<Record<HostState, number>>): void;
  /** Executions of this dispatcher that run now. */
  running(executions: number): void;
  /** Whether this dispatcher has a role that one has for all. */
  role(name: string, held: boolean): void;

  /** A plan was made. */
  planned(durationMs: number): void;
  decided(decision: DecisionKind, outcome: DecisionOutcome, count?: number): void;
  /** A transaction with so many decisions in it was committed. */
  committed(batchSize: number, durationMs: number): void;
  lostRace(): void;
  /** A write was refused because another process has this dispatcher's id, or declared it dead. */
  fenced(): void;
  /** @param doing what failed: a fixed word of the source */
  databaseError(doing: string): void;

  /** So many entries got a host. @param waitedMs since they were queued */
  assigned(count: number, waitedMs: number): void;
  /** An execution of a job runs. @param waitedMs since its entries got their hosts */
  started(waitedMs: number): void;
  executionEnded(purpose: Purpose, exitClass: ExitClass): void;
  /** @param cause its code */
  entryEnded(outcome: EntryOutcome, cause?: string): void;
  taskEnded(kind: TaskKind, outcome: TaskOutcome, ranMs: number): void;

  /** An event was seen. @param lagMs since it was written */
  event(lagMs: number): void;
  /** Records of journals are in the rows. @param stale that were left out, since another execution has the host by now */
  ingested(records: number, stale?: number): void;
}

export function createDispatcherMetrics(metrics: Metrics): DispatcherMetrics {
  const entries = stateGauge<EntryState>(metrics, 'autotest_entries', 'Entries that are not finished, by state.');
  const hosts = stateGauge<HostState>(metrics, 'autotest_hosts', 'Hosts by state.');
  const running = metrics.gauge({
    name: 'autotest_executions_running',
    help: 'Executions that this dispatcher has running.',
  });
  const roles = metrics.gauge<'role'>({
    name: 'autotest_role_held',
    help: '1 while this dispatcher has a role that one dispatcher has for all, else 0.',
    labels: ['role'],
  });
  const planSeconds = metrics.histogram({
    name: 'autotest_plan_duration_seconds',
    help: 'Time to decide who gets which host.',
    buckets: shortSeconds,
  });
  const decisions = metrics.counter<'decision' | 'outcome'>({
    name: 'autotest_decisions_total',
    help: 'Decisions by kind and by what became of them (applied, lostRace, fenced, failed).',
    labels: ['decision', 'outcome'],
  });
  const batchSizes = metrics.histogram({
    name: 'autotest_commit_batch_size',
    help: 'Decisions written in one transaction.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  });
  const commitSeconds = metrics.histogram({
    name: 'autotest_commit_duration_seconds',
    help: 'Time to write decisions in one transaction.',
    buckets: shortSeconds,
  });
  const lostRaces = metrics.counter({
    name: 'autotest_lost_races_total',
    help: 'Changes that were dropped because somebody was faster; they are decided anew.',
  });
  const fenced = metrics.counter({
    name: 'autotest_fenced_writes_total',
    help: 'Writes refused because another process has the id of this dispatcher, or declared it dead.',
  });
  const databaseErrors = metrics.counter<'doing'>({
    name: 'autotest_database_errors_total',
    help: 'Errors of the database by what failed.',
    labels: ['doing'],
  });
  const assignments = metrics.counter({ name: 'autotest_assignments_total', help: 'Entries that got a host.' });
  const waitSeconds = metrics.histogram({
    name: 'autotest_entry_wait_seconds',
    help: 'Time from submission until an entry got a host.',
    buckets: longSeconds,
  });
  const startSeconds = metrics.histogram({
    name: 'autotest_entry_start_seconds',
    help: 'Time from the assignment of hosts until the job ran on them: verify, repair, siblings, start.',
    buckets: longSeconds,
  });
  const executions = metrics.counter<'purpose' | 'exit_class'>({
    name: 'autotest_executions_ended_total',
    help: 'Executions that ended, by purpose and by how they ended.',
    labels: ['purpose', 'exit_class'],
  });
  const ended = metrics.counter<'outcome' | 'cause'>({
    name: 'autotest_entries_ended_total',
    help: 'Entries that ended, by outcome and by the code of the cause (none: without one).',
    labels: ['outcome', 'cause'],
  });
  const tasks = metrics.counter<'kind' | 'outcome'>({
    name: 'autotest_tasks_ended_total',
    help: 'Special tasks that ended, by kind and outcome.',
    labels: ['kind', 'outcome'],
  });
  const taskSeconds = metrics.histogram<'kind'>({
    name: 'autotest_task_duration_seconds',
    help: 'Time that special tasks ran, by kind.',
    labels: ['kind'],
    buckets: longSeconds,
  });
  const eventLag = metrics.histogram({
    name: 'autotest_event_lag_seconds',
    help: 'Time from a change in the database until this dispatcher saw its event.',
    buckets: shortSeconds,
  });
  const records = metrics.counter({
    name: 'autotest_journal_records_total',
    help: 'Records of journals taken into the database.',
  });
  const stale = metrics.counter({
    name: 'autotest_journal_stale_records_total',
    help: 'Records left out because another execution had the host by then.',
  });
  return {
    queue: entries,
    hosts,
    running: (count) => running.set(count),
    role: (role, held) => roles.set(held ? 1 : 0, { role }),
    planned: (ms) => planSeconds.observe(ms / 1000),
    decided: (decision, outcome, count = 1) => decisions.add(count, { decision, outcome }),
    committed(batchSize, durationMs) {
      batchSizes.observe(batchSize);
      commitSeconds.observe(durationMs / 1000);
    },
    lostRace: () => lostRaces.add(1),
    fenced: () => fenced.add(1),
    databaseError: (doing) => databaseErrors.add(1, { doing }),
    assigned(count, waitedMs) {
      assignments.add(count);
      for (let n = 0; n < count; n++) waitSeconds.observe(seconds(waitedMs));
    },
    started: (waitedMs) => startSeconds.observe(seconds(waitedMs)),
    executionEnded: (purpose, exitClass) => executions.add(1, { purpose, exit_class: exitClass }),
    entryEnded: (outcome, cause) => ended.add(1, { outcome, cause: causeLabel(cause) }),
    taskEnded(kind, outcome, ranMs) {
      tasks.add(1, { kind, outcome });
      taskSeconds.observe(seconds(ranMs), { kind });
    },
    event: (lagMs) => eventLag.observe(seconds(lagMs)),
    ingested(count, staleCount = 0) {
      records.add(count);
      stale.add(staleCount);
    },
  };
}

/** A gauge of how many there are in each state. A state that was seen once stays, with 0. */
function stateGauge<S extends string>(metrics: Metrics, name: string, help: string) {
  const gauge = metrics.gauge<'state'>({ name, help, labels: ['state'] });
  const seen = new Set<string>();
  return (counts: Partial<Record<S, number>>): void => {
    for (const state of Object.keys(counts)) seen.add(state);
    for (const state of seen) gauge.set(counts[state as S] ?? 0, { state });
  };
}

/** Clocks of several machines never agree: what would be negative is 0. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}

/** Codes are few; what autoserv reports could be anything. */
function causeLabel(code: string | undefined): string {
  if (code === undefined) return 'none';
  return /^AT_[A-Z_]{1,40}$/.test(code) ? code : 'other';
}
