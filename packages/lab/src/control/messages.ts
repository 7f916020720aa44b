import type { FaultName } from '../faults/faults.ts';
import type { Behaviour } from '../simulated/behaviour.ts';

/** What other processes may ask a lab: one JSON object a line, one answer a line, in order. */
export type LabRequest =
  | { readonly op: 'list' }
  | {
      readonly op: 'fault';
      readonly host: string;
      readonly fault: FaultName | Behaviour;
      readonly value?: string;
      /** Taken back after so long; without it, when `undo` asks for that. */
      readonly forMs?: number;
    }
  | { readonly op: 'undo'; readonly host: string; readonly fault: FaultName | Behaviour }
  | { readonly op: 'power'; readonly host: string; readonly action: PowerAction }
  | { readonly op: 'reboot'; readonly host: string }
  | { readonly op: 'down' };

export type LabAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string };

export const powerActions = ['on', 'off', 'cycle', 'reset', 'status'] as const;
export type PowerAction = (typeof powerActions)[number];

/** A host of a lab, as other processes are told of it. */
export interface HostFacts {
  readonly name: string;
  readonly kind: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly hostKey: string;
  readonly powered: boolean;
  readonly labels: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Faults that were not taken back yet. */
  readonly faults: readonly string[];
}

/** Socket of a lab, in its directory. */
export const controlSocket = 'control.sock';
