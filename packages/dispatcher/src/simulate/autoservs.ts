import type { Clock, ExitClass, Purpose } from '@autotest/core';
import type { ExecutionRow } from '@autotest/core/db';
import type { Random } from '@autotest/core/testing';
import type { RunEnd } from '../supervise/supervision.ts';
import type { RealHosts } from './hosts.ts';
import type { Durations, Rates, Scenario } from './scenario.ts';
import { Violation } from './violation.ts';

type Wish = { readonly by: string; readonly reason: string; readonly timedOut: boolean };
type Verdict = Pick<RunEnd, 'exitClass' | 'cause'>;

/** A process of autoserv, as it really is: it goes on whatever becomes of dispatchers. */
export interface Autoserv {
  readonly executionId: number;
  readonly resultsDir: string;
  readonly machine: string;
  readonly pid: number;
  readonly hostIds: readonly number[];
  isAlive: boolean;
  hasGreeted: boolean;
  /** It does not end by itself, and does not listen. */
  readonly hangs: boolean;
  /** Those who watch it. */
  readonly watchers: Set<AutoservWatcher>;
}

export interface AutoservWatcher {
  /** It could answer at this moment. */
  readonly isListening: boolean;
  onHello(): void;
  onGone(): void;
}

/** What stands on the disk of a machine of an execution. */
interface Journal {
  readonly machine: string;
  hasBegun: boolean;
  end?: Verdict;
  starts: number;
}

/** How long an autoserv works on without anybody who watches, ms. */
const aloneMs = 40_000;

/** All processes of autoserv of the lab, by execution, with what they left on disk. */
export class Autoservs {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hosts: RealHosts;
  readonly #rates: Rates;
  readonly #durations: Durations;
  readonly #live = new Map<number, Autoserv>();
  readonly #byDirectory = new Map<string, Autoserv>();
  readonly #journals = new Map<number, Journal>();
  /** Whether they end when nobody watches them; not worth looking where no dispatcher ever dies. */
  readonly #endsAlone: boolean;
  #nextPid = 1_000_000_000;

  constructor(clock: Clock, random: Random, hosts: RealHosts, scenario: Scenario) {
    const { rates, durations, troubleMs } = scenario;
    this.#endsAlone = troubleMs < Infinity;
    this.#clock = clock;
    this.#random = random;
    this.#hosts = hosts;
    this.#rates = rates;
    this.#durations = durations;
  }

  get alive(): Iterable<Autoserv> {
    return this.#live.values();
  }

  find(executionId: number): Autoserv | undefined {
    return this.#live.get(executionId);
  }

  /** The process that has a results directory on a machine: nobody starts a second one while it lives. */
  holderOf(resultsDir: string, machine: string): Autoserv | undefined {
    const holder = this.#byDirectory.get(resultsDir);
    return holder?.machine === machine ? holder : undefined;
  }

  hasBegun(executionId: number): boolean {
    return this.#journals.get(executionId)?.hasBegun === true;
  }

  /** By its own account; undefined: it broke off. */
  endOf(executionId: number): Verdict | undefined {
    return this.#journals.get(executionId)?.end;
  }

  /** @param hostIds hosts that it works on @throws Violation when it ran before */
  start(execution: ExecutionRow, hostIds: readonly number[], machine: string): Autoserv {
    const { id, purpose, resultsDir } = execution;
    const known = this.#journals.get(id);
    if (known && known.machine !== machine)
      throw new Violation('started once', `execution ${id} ran on ${known.machine} and is started on ${machine}`);
    // Collecting twice does no harm; it is begun again where its start was not written down.
    if (known?.hasBegun && purpose !== 'gather')
      throw new Violation('started once', `execution ${id} is started again after it had begun`);
    const other = this.#byDirectory.get(resultsDir);
    if (other) throw new Violation('started once', `executions ${other.executionId} and ${id} share ${resultsDir}`);
    if (purpose !== 'gather') this.#hosts.occupy(hostIds, id, this.#clock.monotonicMs());
    const random = this.#random.split(id);
    const autoserv: Autoserv = {
      executionId: id,
      resultsDir,
      machine,
      pid: this.#nextPid++,
      hostIds,
      isAlive: true,
      hasGreeted: false,
      hangs: random.chance(this.#rates.hangs),
      watchers: new Set(),
    };
    this.#live.set(id, autoserv);
    this.#byDirectory.set(resultsDir, autoserv);
    this.#journals.set(id, { machine, hasBegun: false, starts: (known?.starts ?? 0) + 1 });
    const isMute = autoserv.hangs && random.chance(0.3);
    if (!isMute)
      this.#clock.setTimeout(
        () => this.#greet(autoserv, purpose, random),
        random.duration(this.#durations.startMs, 0.5),
      );
    if (this.#endsAlone) this.#lookAfter(autoserv);
    return autoserv;
  }

  /** As SIGKILL, by whoever. */
  kill(autoserv: Autoserv): void {
    this.#end(autoserv, undefined);
  }

  abort(autoserv: Autoserv, { by, reason, timedOut }: Wish): void {
    if (autoserv.hangs) return;
    const verdict: Verdict = timedOut
      ? { exitClass: 'timedOut', cause: { code: 'AT_TIMED_OUT', message: reason } }
      : { exitClass: 'aborted', cause: { code: 'AT_ABORTED', message: `${by} aborted it: ${reason}` } };
    this.#clock.setTimeout(() => this.#end(autoserv, verdict), this.#random.between(10, 2000));
  }

  #greet(autoserv: Autoserv, purpose: Purpose, random: Random): void {
    if (!autoserv.isAlive) return;
    autoserv.hasGreeted = true;
    const journal = this.#journals.get(autoserv.executionId);
    if (journal) journal.hasBegun = true;
    for (const watcher of autoserv.watchers) watcher.onHello();
    if (autoserv.hangs) return;
    const { ms, verdict } = this.#fate(purpose, autoserv.hostIds, random);
    this.#clock.setTimeout(() => this.#end(autoserv, verdict()), ms);
  }

  #fate(purpose: Purpose, hostIds: readonly number[], random: Random): { ms: number; verdict: () => Verdict } {
    const isFit = () => hostIds.every((id) => this.#hosts.isFit(id));
    const of = (medianMs: number) => random.duration(medianMs, 0.5);
    const rates = this.#rates;
    const { verifyMs, repairMs, cleanupMs, provisionMs, jobMs, gatherMs } = this.#durations;
    switch (purpose) {
      case 'gather':
        return { ms: of(gatherMs), verdict: () => clean };
      case 'verify':
        return { ms: of(verifyMs), verdict: () => (isFit() ? clean : infra('the host is not fit')) };
      case 'cleanup':
        return { ms: of(cleanupMs), verdict: () => (isFit() ? clean : infra('the host did not come back')) };
      case 'provision':
        return { ms: of(provisionMs), verdict: () => (isFit() ? clean : infra('the image was not written')) };
      case 'repair': {
        const helps = !random.chance(rates.repairFails);
        return {
          ms: of(repairMs),
          verdict: () => {
            for (const id of hostIds) if (helps) this.#hosts.get(id).isBroken = false;
            return isFit() ? clean : infra('the repair did not help');
          },
        };
      }
      default: {
        const exitClass: ExitClass = random.chance(rates.infraFails)
          ? 'infra'
          : random.chance(rates.testsFail)
            ? 'testFailures'
            : 'clean';
        const isCut = () => hostIds.some((id) => !this.#hosts.get(id).isUp);
        return { ms: of(jobMs), verdict: () => (isCut() ? infra('the host was lost') : { exitClass }) };
      }
    }
  }

  #end(autoserv: Autoserv, verdict: Verdict | undefined): void {
    if (!autoserv.isAlive) return;
    autoserv.isAlive = false;
    this.#live.delete(autoserv.executionId);
    this.#byDirectory.delete(autoserv.resultsDir);
    this.#hosts.leave(autoserv.hostIds, autoserv.executionId, this.#clock.monotonicMs());
    const journal = this.#journals.get(autoserv.executionId);
    if (journal && verdict) {
      journal.hasBegun = true;
      journal.end = verdict;
    }
    for (const watcher of autoserv.watchers) watcher.onGone();
  }

  /** It ends when nobody has watched it for too long. */
  #lookAfter(autoserv: Autoserv): void {
    let aloneSince: number | undefined;
    const look = (): void => {
      if (!autoserv.isAlive) return;
      const nowMs = this.#clock.monotonicMs();
      aloneSince = [...autoserv.watchers].some(({ isListening }) => isListening) ? undefined : (aloneSince ?? nowMs);
      if (aloneSince !== undefined && nowMs - aloneSince >= aloneMs)
        this.#end(autoserv, infra('no dispatcher spoke with it'));
      else this.#clock.setTimeout(look, aloneMs / 4);
    };
    this.#clock.setTimeout(look, aloneMs / 4);
  }
}

const clean: Verdict = { exitClass: 'clean' };

function infra(message: string): Verdict {
  return { exitClass: 'infra', cause: { code: 'AT_HOST_UNFIT', message } };
}
