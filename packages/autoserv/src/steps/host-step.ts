import type { HostSpec } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import type { StepResult } from '../execution/nodes.ts';
import type { HostConnection } from '../hosts/connection.ts';
import type { StepLog } from './step-log.ts';

/** One step of verify, repair, cleanup or provision on one host: a node of the result tree with a log and a duration of its own. */
export interface HostStep {
  readonly name: string;
  /** Gives a result, or nothing for `pass`. @throws what is wrong with the host */
  run(host: StepHost): Promise<StepResult | void>;
}

export interface StepHost {
  readonly spec: HostSpec;
  readonly connection: HostConnection;
  readonly context: ExecutionContext;
  /** What it did and saw, for whoever asks later; kept in the results. */
  readonly log: StepLog;
  /** Node of the step. */
  readonly scope: readonly string[];
}
