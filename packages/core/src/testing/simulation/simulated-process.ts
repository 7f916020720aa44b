import type { Clock } from '../../time/clock.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** A machine: its processes share its wall clock, which can be set. */
export interface SimulatedMachine {
  readonly name: string;
  /** By how much its wall clock is wrong. */
  clockErrorMs: number;
}

/**
 * A process that can be killed and stopped at any moment. Whatever reaches it from outside (timers, answers, notices) comes through `deliver` or `turn`: once it is dead, never;
 * while it is stopped, when it goes on. So a killed one tears nothing down, exactly as after SIGKILL.
 */
export class SimulatedProcess {
  readonly clock: Clock;
  readonly pid: number;
  readonly machine: SimulatedMachine;
  #state: 'running' | 'stopped' | 'dead' = 'running';
  #held: (() => void)[] = [];

  constructor(world: SimulatedClock, machine: SimulatedMachine, pid: number) {
    this.machine = machine;
    this.pid = pid;
    this.clock = {
      now: () => world.now() + machine.clockErrorMs,
      monotonicMs: () => world.monotonicMs(),
      setTimeout: (callback, ms) => {
        let isOff = false;
        // Called off as late as at the moment of its delivery: it may be held while the process is stopped.
        const cancel = world.setTimeout(() => this.deliver(() => isOff || callback()), ms);
        return () => {
          isOff = true;
          cancel();
        };
      },
    };
  }

  get isAlive(): boolean {
    return this.#state !== 'dead';
  }

  get isStopped(): boolean {
    return this.#state === 'stopped';
  }

  kill(): void {
    this.#state = 'dead';
    this.#held = [];
  }

  /** As SIGSTOP: time goes on, but nothing happens in the process. */
  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped';
  }

  /** As SIGCONT: everything that came meanwhile happens now. */
  resume(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    for (const callback of this.#held.splice(0)) this.deliver(callback);
  }

  deliver(callback: () => void): void {
    if (this.#state === 'running') callback();
    else if (this.#state === 'stopped') this.#held.push(callback);
  }

  /** Resolves when the process can take an answer; never once it is dead. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.deliver(resolve);
    });
  }
}
