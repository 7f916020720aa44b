import type { Protection } from '../model/host.ts';
import type { Duration } from '../time/duration.ts';
import type { Host, HostConsole, Power } from './host.ts';

/**
 * A step of verify or repair that a lab adds: the default export of a file in its directory of steps.
 *
 * @example
 * import type { HostStepDefinition } from '@autotest/core';
 *
 * export default {
 *   phase: 'verify',
 *   name: 'licence dongle',
 *   async run(host) {
 *     const { exitCode } = await host.run('lsusb -d 1234:5678');
 *     if (exitCode !== 0) throw new Error('the dongle is not plugged in');
 *   },
 * } satisfies HostStepDefinition;
 */
export interface HostStepDefinition {
  /** A verify step throws where the host is unfit. A repair step does something that may help; afterwards the host is verified again. */
  readonly phase: 'verify' | 'repair';
  /** Name of its node in results. */
  readonly name: string;
  /** Label expression: only for hosts that it fits. @default all hosts */
  readonly needs?: string;
  /** What a repair step changes, which a host's protection may forbid. @default 'software' */
  readonly reach?: 'filesystem' | 'software' | 'machine';
  /** Repair: only when one of these verify steps failed. @default after any */
  readonly after?: readonly string[];
  /** @default '10 minutes' */
  readonly timeout?: Duration;
  run(host: StepTarget): Promise<StepVerdict | void>;
}

/** The host that a step works on. Commands and their output stand in the step's log. */
export interface StepTarget extends Pick<
  Host,
  'name' | 'labels' | 'attributes' | 'run' | 'runCheck' | 'sendFile' | 'getFile'
> {
  readonly protection: Protection;
  readonly power: Power;
  readonly console: HostConsole;
  /** Reboots it, or throws. */
  reboot(): Promise<void>;
  /** A line for the step's log. */
  log(text: string): void;
  /** Fires when the step's time is over, or the execution is to end. */
  readonly signal: AbortSignal;
}

/** `skip`: there was nothing to do. */
export interface StepVerdict {
  readonly outcome: 'pass' | 'warn' | 'skip';
  readonly reason?: string;
}
