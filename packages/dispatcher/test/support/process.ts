import type { Cause, ExitClass } from '@autotest/core';
import type { ExecutionRow } from '@autotest/core/db';
import type { RunEnd, SupervisionStore, Watch } from '@autotest/dispatcher';

const causes: Readonly<Partial<Record<ExitClass, Cause>>> = {
  infra: { code: 'AT_HOST_UNREACHABLE', message: 'the host does not answer' },
  aborted: { code: 'AT_ABORTED', message: 'somebody aborted it' },
  timedOut: { code: 'AT_TIMED_OUT', message: 'its time is over' },
  lost: { code: 'AT_AUTOSERV_LOST', message: 'autoserv was killed' },
};

type Wish = Parameters<Watch['abort']>[0];

/** Stands for the process of an execution: it runs until a test says how it ends, whoever watches it. */
export class LabProcess {
  readonly execution: ExecutionRow;
  readonly #ended = Promise.withResolvers<RunEnd>();
  readonly #greeting = Promise.withResolvers<void>();
  /** What it was asked to stop for. */
  wish: Wish | undefined;
  isGone = false;
  hasGreeted = false;

  constructor(execution: ExecutionRow) {
    this.execution = execution;
  }

  end(exitClass: ExitClass, needsGather = false, cause: Cause | undefined = causes[exitClass]): void {
    this.isGone = true;
    this.#greeting.resolve();
    this.#ended.resolve({ exitClass, needsGather, ...(cause && { cause }) });
  }

  /** It is killed: a job that had begun leaves something to be gathered. */
  kill(): void {
    const exitClass = this.wish ? (this.wish.timedOut ? 'timedOut' : 'aborted') : 'lost';
    this.end(exitClass, this.execution.purpose === 'job');
  }

  greet(): void {
    this.hasGreeted = true;
    this.#greeting.resolve();
  }

  /** @param isObedient whether it ends at once when it is asked to */
  watch(store: SupervisionStore, isObedient: () => boolean): Watch {
    const detached = Promise.withResolvers<undefined>();
    const begin = async (): Promise<RunEnd | undefined> => {
      await store.started(pidOf(this.execution), undefined);
      await Promise.race([this.#greeting.promise, detached.promise]);
      if (this.hasGreeted) await store.greeted(pidOf(this.execution));
      return Promise.race([this.#ended.promise, detached.promise]);
    };
    return {
      run: begin,
      abort: (wish) => {
        this.wish ??= wish;
        if (isObedient() && !this.isGone) this.end(wish.timedOut ? 'timedOut' : 'aborted');
      },
      detach: () => detached.resolve(undefined),
    };
  }
}

/** Above all pids that there are. */
function pidOf({ id }: ExecutionRow): number {
  return 5_000_000 + id;
}
