import type { ResultOutcome } from '../../results/outcome.ts';
import type {
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LeaseRow,
  MetricRow,
  QueuePosition,
  ResultNodeRow,
  SuiteRow,
  TaskRow,
  WaitRow,
} from '../rows.ts';

/** How many tests and commands of a job have an outcome; undefined: they still run. */
export interface ResultCountRow {
  readonly jobId: number;
  readonly outcome?: ResultOutcome;
  readonly count: number;
}

/** Many rows by their ids at once, for programs that batch their questions. What does not exist is not in the answer. */
export interface LookupStore {
  jobs(ids: readonly number[]): Promise<Map<number, JobRow>>;
  hosts(ids: readonly number[]): Promise<Map<number, HostRow>>;
  hostsNamed(names: readonly string[]): Promise<Map<string, HostRow>>;
  entries(ids: readonly number[]): Promise<Map<number, EntryRow>>;
  executions(ids: readonly number[]): Promise<Map<number, ExecutionRow>>;
  tasks(ids: readonly number[]): Promise<Map<number, TaskRow>>;
  waits(ids: readonly number[]): Promise<Map<number, WaitRow>>;
  nodes(ids: readonly number[]): Promise<Map<number, ResultNodeRow>>;
  suites(ids: readonly number[]): Promise<Map<number, SuiteRow>>;
  /** Names of the groups that hosts are in, in order; hosts in none are left out. */
  groupsOf(hostIds: readonly number[]): Promise<Map<number, string[]>>;
  /** How many executions each dispatcher has that are not over. */
  executionsOf(): Promise<Map<string, number>>;
  /** Who holds the leases of hosts. */
  holders(hostIds: readonly number[]): Promise<Map<number, LeaseRow['holder']>>;
  /** Special tasks of entries that are not over, in order of their making. */
  openTasksOf(entryIds: readonly number[]): Promise<TaskRow[]>;
  /** Only of entries that are queued for a reason. */
  positions(entryIds: readonly number[]): Promise<Map<number, QueuePosition>>;
  /** In order of first appearance; at most about `first`. */
  nodesOfJobs(jobIds: readonly number[], first: number): Promise<ResultNodeRow[]>;
  /** By node id, in order of iteration and name. */
  metrics(nodeIds: readonly number[]): Promise<Map<number, MetricRow[]>>;
  resultCounts(jobIds: readonly number[]): Promise<ResultCountRow[]>;
}
