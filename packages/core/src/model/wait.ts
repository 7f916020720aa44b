/**
 * Why an entry waits, for people and programs.
 *
 * dependency   another job has to end first
 * labels       no host has what it needs
 * access       hosts have it, and none that its owner may use
 * hosts        the hosts that fit are busy or out of service
 * siblings     more hosts have to be free together
 * share        the owner's account holds as many hosts as it may
 * capacity     no dispatcher can start more for now
 * preparing    a special task works on its host
 * starting     it has all that it needs, and is being started
 * failed       planning it failed; the message says why
 */
export const waitCodes = [
  'dependency',
  'labels',
  'access',
  'hosts',
  'siblings',
  'share',
  'capacity',
  'preparing',
  'starting',
  'failed',
] as const;
export type WaitCode = (typeof waitCodes)[number];

export interface WaitReason {
  readonly code: WaitCode;
  /** One line for people. */
  readonly message: string;
  /** Each condition that is not met, with the hosts that come nearest. */
  readonly constraints?: readonly UnmetConstraint[];
  /** What would let it go on, each one enough by itself. */
  readonly unblock?: readonly string[];
  /** When the first host that fits is expected to be free, ms since the epoch. */
  readonly expectedAt?: number;
}

export interface UnmetConstraint {
  /** What is asked: a label, a group, a free host. */
  readonly needs: string;
  /** How many hosts lack nothing but this. */
  readonly count?: number;
  readonly nearest: readonly { readonly host: string; readonly lacks: string }[];
}
