import { ref, shallowReactive, shallowRef } from 'vue';
import type {
  EntryLineFragment,
  ExecutionLineFragment,
  JobEventsSubscription,
  JobHeadFragment,
  JobPageQuery,
  TaskLineFragment,
} from '../../generated/graphql.ts';
import { countOutcomes, type Counts } from '../../model/counts.ts';
import { ResultForest, type ResultNode } from '../../model/result-forest.ts';

export type JobEvent = JobEventsSubscription['events'];
export type LoadedJob = NonNullable<JobPageQuery['job']>;

/** What an execution is busy with just now. */
export interface Progress {
  readonly phase: string;
  readonly message?: string;
}

/** A job as its page shows it, kept current by events. */
export class JobDetail {
  readonly head;
  readonly doc: string;
  readonly params: unknown;
  readonly keyvals: unknown;
  readonly control: LoadedJob['control'];
  readonly entries = shallowReactive(new Map<string, EntryLineFragment>());
  readonly executions = shallowReactive(new Map<string, ExecutionLineFragment>());
  readonly tasks = shallowReactive(new Map<string, TaskLineFragment>());
  readonly progress = shallowReactive(new Map<string, Progress>());
  readonly forest = new ResultForest();
  /** Rises when the forest has changed, at most once a frame, however many nodes come. */
  readonly version = ref(0);
  #drawing = false;
  readonly #soon: (work: () => void) => void;

  /** `soon` runs its work a little later, the same for all that comes until then. */
  constructor(job: LoadedJob, soon: (work: () => void) => void) {
    this.#soon = soon;
    this.head = shallowRef<JobHeadFragment>(job);
    this.doc = job.doc;
    this.params = job.params;
    this.keyvals = job.keyvals;
    this.control = job.control;
    this.takeParts(job);
    for (const node of job.results) this.forest.put(node);
  }

  takeParts(parts: {
    entries: readonly EntryLineFragment[];
    executions: readonly ExecutionLineFragment[];
    tasks: readonly TaskLineFragment[];
  }): void {
    for (const entry of parts.entries) this.entries.set(entry.id, entry);
    for (const execution of parts.executions) this.executions.set(execution.id, execution);
    for (const task of parts.tasks) this.tasks.set(task.id, task);
  }

  /** Takes an event. True: it tells of an execution or task, which it does not carry. */
  takeEvent(event: JobEvent): boolean {
    if (event.job !== null) this.head.value = event.job;
    if (event.entry !== null) this.entries.set(event.entry.id, event.entry);
    if (event.result !== null) this.#putNode(event.result);
    if (event.kind === 'execution.progress' && event.executionId !== null)
      this.#noteProgress(event.executionId, event.data);
    return event.kind.startsWith('execution.moved') || event.kind.startsWith('task.');
  }

  #putNode(node: ResultNode): void {
    this.forest.put(node);
    if (this.#drawing) return;
    this.#drawing = true;
    this.#soon(() => {
      this.#drawing = false;
      this.version.value += 1;
    });
  }

  #noteProgress(executionId: string, data: unknown): void {
    if (typeof data !== 'object' || data === null || !('phase' in data) || typeof data.phase !== 'string') return;
    const message = 'message' in data && typeof data.message === 'string' ? data.message : undefined;
    this.progress.set(executionId, { phase: data.phase, ...(message === undefined ? {} : { message }) });
  }
}

/** Counts of what people call results: tests and commands, and subtests of neither. */
export function countTests(forest: ResultForest): Counts {
  const outcomes: ResultNode['outcome'][] = [];
  for (const node of forest.values()) if (node.node === 'test' || node.node === 'command') outcomes.push(node.outcome);
  return countOutcomes(outcomes);
}

/**
 * What to call the results of each execution: several hosts run the same tests, and special tasks have results too. Hosts that share an execution are
 * told apart by their nodes.
 */
export function originsOf(detail: {
  entries: ReadonlyMap<string, Pick<EntryLineFragment, 'host' | 'execution'>>;
  tasks: ReadonlyMap<string, Pick<TaskLineFragment, 'kind' | 'host' | 'execution'>>;
}): Map<string, string> {
  const origins = new Map<string, string>();
  const executions = new Set([...detail.entries.values()].map((entry) => entry.execution?.id));
  const isFanOut = detail.entries.size > 1;
  for (const { execution, host } of executions.size > 1 ? detail.entries.values() : []) {
    if (execution !== null && host !== null) origins.set(execution.id, host.name);
  }
  for (const { execution, kind, host } of detail.tasks.values()) {
    if (execution !== null) origins.set(execution.id, isFanOut ? `${kind} ${host.name}` : kind);
  }
  return origins;
}
