import type { ExecutionRow, Snapshot } from '@autotest/core/db';
import { settleJob } from '../apply/settle-job.ts';
import { settleTask } from '../apply/settle-task.ts';
import { subjectOf } from '../apply/subject.ts';
import { recordEnd, recordGreeting, recordStart } from '../apply/track-execution.ts';
import type { Interrupt } from '../plan/types.ts';
import type { Settings } from '../options.ts';
import { prepareExecution } from '../supervise/prepare.ts';
import { Supervision } from '../supervise/supervision.ts';
import type { Guard } from './guard.ts';

/**
 * The executions that this dispatcher answers for: each is watched from where it is to its end, then gets its consequences. Whatever fails on the way is tried again
 * by the next `adopt`, from the state that the database has.
 */
export class Executions {
  readonly #settings: Settings;
  readonly #guard: Guard;
  readonly #onSettled: () => void;
  /** By execution id. */
  readonly #supervisions = new Map<number, Supervision>();
  readonly #work = new Map<number, Promise<void>>();

  /** @param onSettled called when an execution has ended, or when watching it failed */
  constructor(settings: Settings, guard: Guard, onSettled: () => void) {
    this.#settings = settings;
    this.#guard = guard;
    this.#onSettled = onSettled;
  }

  /** Takes up executions that nobody watches: new ones, those of an earlier dispatcher, and those whose watch failed. */
  adopt(snapshot: Snapshot, isOurs: (execution: ExecutionRow) => boolean): void {
    for (const execution of snapshot.executions) {
      if (!isOurs(execution) || this.#work.has(execution.id) || this.#guard.isPaused(keyOf(execution))) continue;
      if (execution.state !== 'ended') this.watch(execution, snapshot);
      else if (!gathererOf(execution, snapshot)) this.#inBackground(execution, () => this.#close(execution, snapshot));
    }
  }

  /** @param snapshot needed for a `gather`, to find what it gathers for */
  watch(execution: ExecutionRow | undefined, snapshot: Snapshot): void {
    if (!execution || this.#work.has(execution.id)) return;
    const { id, tag, purpose, state } = execution;
    const settings = this.#settings;
    const owner = (purpose === 'gather' && gatheredBy(execution, snapshot)) || execution;
    const supervision = new Supervision(settings, execution, owner, {
      prepare: async () => prepareExecution(settings, await subjectOf(settings, execution, owner)),
      started: (pid, startTicks) => recordStart(settings, id, pid, startTicks),
      greeted: (pid) => recordGreeting(settings, id, pid),
    });
    this.#supervisions.set(id, supervision);
    settings.log.info('execution is watched', { execution: id, tag, purpose, state });
    this.#inBackground(execution, async () => {
      const end = await supervision.run().finally(() => this.#supervisions.delete(id));
      if (!end) return;
      const ended = await recordEnd(settings, id, end);
      settings.log.info('execution ended', { execution: id, tag, exitClass: end.exitClass, cause: end.cause?.code });
      if (!end.needsGather) await this.#close(ended, snapshot);
    });
  }

  abort({ execution, by, reason, timedOut }: Interrupt): void {
    this.#supervisions.get(execution.id)?.abort({ by, reason, timedOut });
  }

  /** Aborts everything that runs and resolves when it has ended, with what lost executions left behind gathered. */
  async abortAll(isOurs: (execution: ExecutionRow) => boolean): Promise<void> {
    const wish = { by: 'dispatcher', reason: 'the dispatcher stops', timedOut: false };
    while (this.#supervisions.size > 0) {
      for (const supervision of this.#supervisions.values())
        if (supervision.execution.purpose !== 'gather') supervision.abort(wish);
      await Promise.all(this.#work.values());
      this.adopt(await this.#settings.database.scheduling.snapshot(), isOurs);
    }
  }

  /** Lets what runs go on without this dispatcher. Resolves when nothing writes any more. */
  async detach(): Promise<void> {
    for (const supervision of this.#supervisions.values()) supervision.detach();
    await Promise.all(this.#work.values());
  }

  /** Gives an ended execution its consequences. */
  async #close(execution: ExecutionRow, snapshot: Snapshot): Promise<void> {
    switch (execution.purpose) {
      case 'job':
        await settleJob(this.#settings, execution.id);
        return;
      case 'gather': {
        const owner = gatheredBy(execution, snapshot);
        if (owner) await settleJob(this.#settings, owner.id, execution);
        return;
      }
      default:
        await settleTask(this.#settings, execution.id);
    }
  }

  #inBackground(execution: ExecutionRow, work: () => Promise<void>): void {
    const done = this.#guard.run(keyOf(execution), work).then(() => {
      this.#work.delete(execution.id);
      this.#onSettled();
    });
    this.#work.set(execution.id, done);
  }
}

function keyOf({ id }: ExecutionRow): string {
  return `execution:${id}`;
}

/** The execution that collects what this one left behind. */
function gathererOf(execution: ExecutionRow, { executions }: Snapshot): ExecutionRow | undefined {
  return executions.find(
    (one) => one.purpose === 'gather' && one.resultsDir === execution.resultsDir && one.id !== execution.id,
  );
}

/** The execution for which this one collects. */
function gatheredBy(gather: ExecutionRow, { executions }: Snapshot): ExecutionRow | undefined {
  return executions.find((one) => one.purpose === 'job' && one.resultsDir === gather.resultsDir);
}
