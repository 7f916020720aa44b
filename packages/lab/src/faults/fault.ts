import { LabError } from '../errors.ts';
import type { LabHost } from '../lab-host.ts';
import { NamespaceMachine } from '../namespace/namespace-machine.ts';
import type { LabNetwork } from '../network/lab-network.ts';

/** Takes a fault back. */
export type Undo = () => Promise<void>;

export interface FaultTarget {
  readonly host: LabHost;
  readonly network: LabNetwork;
  /** As people write it: `30`, `256kbit`, `-1 year`. */
  readonly value?: string | undefined;
}

/** Something bad that happens to a host. */
export interface Fault {
  /** What it does, in a line. */
  readonly description: string;
  /** What its value is, with an example, where it takes one. */
  readonly value?: string;
  /** Lets it happen. @throws LabError when the value cannot be understood or the machine has no such part */
  apply(target: FaultTarget): Promise<Undo>;
}

/** The machine of a fault that needs the inside of a namespaced one. @throws LabError for another kind */
export function namespaced({ host }: FaultTarget): NamespaceMachine {
  if (host.machine instanceof NamespaceMachine) return host.machine;
  throw new LabError(`Host ${host.name} is no namespaced one: do this over SSH or on its console instead.`);
}

/** Number of a fault's value. @throws LabError when it is none between `min` and `max` */
export function numberOf({ value }: FaultTarget, what: string, min: number, max: number): number {
  const number = Number(value);
  if (value !== undefined && value.trim() !== '' && number >= min && number <= max) return number;
  throw new LabError(`${JSON.stringify(value ?? '')} is no ${what}: write a number from ${min} to ${max}.`);
}
