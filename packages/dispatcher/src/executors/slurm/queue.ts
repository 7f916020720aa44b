import { messageOf, type Clock, type Log } from '@autotest/core';
import type { AutoservProcess, ProcessEnd } from '../executor.ts';
import type { SlurmCommands, SlurmJob } from './commands.ts';
import { phaseOf, wasCut } from './states.ts';

/** A job that is unknown in so many answers in a row is gone: Slurm forgets jobs some minutes after their end. */
const answersUntilGone = 2;
/** Looks that somebody asks for are joined when they come closer than this. */
const lookMs = 150;

interface Watched {
  readonly id: string;
  readonly running: PromiseWithResolvers<void>;
  readonly gone: PromiseWithResolvers<ProcessEnd>;
  phase: 'waiting' | 'running' | 'over';
  unknown: number;
  /** A signal that Slurm has not taken yet. */
  wish: 'TERM' | 'KILL' | undefined;
}

/**
 * Follows all jobs of a dispatcher with one question to Slurm at a time. Slurm may be away for any time: what is watched stays, signals are kept, and both go on with the
 * first answer. There is no clock while nothing is watched.
 */
export class SlurmQueue {
  readonly #commands: SlurmCommands;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #pollMs: number;
  readonly #watched = new Set<Watched>();
  #asking: Promise<SlurmJob[]> | undefined;
  #next: Promise<SlurmJob[]> | undefined;
  #cancelTimer: (() => void) | undefined;
  #nextAt = 0;
  #isClosed = false;
  #trouble: string | undefined;

  constructor(commands: SlurmCommands, options: { clock: Clock; log: Log; pollMs: number }) {
    this.#commands = commands;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#pollMs = options.pollMs;
  }

  /** Why the last question had no answer. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What Slurm knows at some moment after this call; calls that come together share the answer. @throws ExecutorUnavailableError */
  look(): Promise<SlurmJob[]> {
    if (!this.#asking) return this.#ask();
    // The answer under way may be older than what the caller wants to see.
    this.#next ??= this.#asking
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#asking ?? this.#ask();
      });
    return this.#next;
  }

  watch(id: string): AutoservProcess {
    const watched: Watched = {
      id,
      running: Promise.withResolvers(),
      gone: Promise.withResolvers(),
      phase: 'waiting',
      unknown: 0,
      wish: undefined,
    };
    this.#watched.add(watched);
    this.#lookIn(this.#pollMs);
    return {
      pid: 0,
      startTicks: undefined,
      externalId: id,
      running: watched.running.promise,
      gone: watched.gone.promise,
      kill: (signal) => {
        watched.wish = signal === 'SIGKILL' || watched.wish === 'KILL' ? 'KILL' : 'TERM';
        this.#lookIn(0);
      },
      look: () => this.#lookIn(lookMs),
      unwatch: () => this.#watched.delete(watched),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#watched.clear();
    await this.#asking?.catch(() => {});
  }

  /** Moves the next question forward, never back. */
  #lookIn(ms: number): void {
    const at = this.#clock.monotonicMs() + ms;
    if (this.#isClosed || (this.#cancelTimer && this.#nextAt <= at)) return;
    this.#cancelTimer?.();
    this.#nextAt = at;
    this.#cancelTimer = this.#clock.setTimeout(() => {
      this.#cancelTimer = undefined;
      // Told by `trouble`.
      this.look().catch(() => {});
    }, ms);
  }

  #ask(): Promise<SlurmJob[]> {
    this.#asking = this.#answer().finally(() => {
      this.#asking = undefined;
      if (this.#watched.size > 0) this.#lookIn(this.#pollMs);
    });
    return this.#asking;
  }

  async #answer(): Promise<SlurmJob[]> {
    let jobs: SlurmJob[];
    try {
      jobs = await this.#commands.jobs();
    } catch (error) {
      if (this.#trouble === undefined) this.#log.warn('Slurm does not answer', { reason: messageOf(error) });
      this.#trouble = messageOf(error);
      throw error;
    }
    if (this.#trouble !== undefined) this.#log.info('Slurm answers again');
    this.#trouble = undefined;
    const byId = new Map(jobs.map((job) => [job.id, job]));
    for (const watched of this.#watched) this.#take(watched, byId.get(watched.id));
    for (const watched of this.#watched) this.#send(watched);
    return jobs;
  }

  #take(watched: Watched, job: SlurmJob | undefined): void {
    if (!job) {
      watched.unknown += 1;
      if (watched.unknown >= answersUntilGone) this.#end(watched, { reason: `Slurm knows job ${watched.id} no more` });
      return;
    }
    watched.unknown = 0;
    watched.phase = phaseOf(job.state);
    if (watched.phase === 'running') watched.running.resolve();
    if (watched.phase === 'over') this.#end(watched, endOf(job));
  }

  #end(watched: Watched, end: ProcessEnd): void {
    watched.phase = 'over';
    this.#watched.delete(watched);
    watched.gone.resolve(end);
  }

  #send(watched: Watched): void {
    const { id, wish, phase } = watched;
    if (wish === undefined || phase === 'over') return;
    watched.wish = undefined;
    this.#signal(id, wish, phase).catch((error: unknown) => {
      // Perhaps Slurm is away: again with its next answer.
      watched.wish ??= wish;
      this.#log.warn('a Slurm job could not be told to end', { slurmJob: id, reason: messageOf(error) });
    });
  }

  async #signal(id: string, wish: 'TERM' | 'KILL', phase: 'waiting' | 'running'): Promise<void> {
    // A job that waits takes no signals, and Slurm would try for a minute.
    if (phase === 'waiting') return this.#commands.cancel(id);
    if (wish === 'TERM') return this.#commands.signal(id, 'TERM');
    await this.#commands.kill(id);
    await this.#commands.cancel(id);
  }
}

/** What an ended job tells. */
export function endOf({ id, state, reason, node }: SlurmJob): ProcessEnd {
  const why = reason === '' || reason === 'None' ? '' : ` (${reason})`;
  const where = node === '' || node === 'n/a' ? '' : ` on ${node}`;
  return { reason: `Slurm job ${id}${where} ended ${state}${why}`, wasCut: wasCut(state) };
}
