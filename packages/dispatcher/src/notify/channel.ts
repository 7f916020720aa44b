import type { ClaimedDelivery } from '@autotest/core/db';

/** How an attempt went. */
export type SendResult =
  /** `problem`: what did not go well all the same. */
  | { readonly kind: 'sent'; readonly problem?: string }
  /** May go better later; `afterMs`: the receiver said when. */
  | { readonly kind: 'retry'; readonly problem: string; readonly afterMs?: number }
  /** Will not go better. `isGone`: the receiver wants nothing more of this rule. */
  | { readonly kind: 'failed'; readonly problem: string; readonly isGone?: boolean };

/** A way on which messages leave. */
export interface Channel {
  /** Attempts in one lane share a limit; lanes do not wait for each other. */
  laneOf(target: string): string;
  /** Tries once. Ends soon after the signal fired; may reject, which counts as `retry`. */
  send(claimed: ClaimedDelivery, signal: AbortSignal): Promise<SendResult>;
}

/** Name of a delivery for its receiver: the same for each attempt, so that the receiver can tell a second one. */
export function deliveryName(id: number): string {
  return `dlv_${id}`;
}
