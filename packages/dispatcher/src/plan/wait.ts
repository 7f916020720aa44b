import type { WaitReason } from '@autotest/core';

/** A reason and the entries that wait for it from now on. */
export interface Wait {
  readonly key: string;
  readonly reason: WaitReason;
  readonly entryIds: readonly number[];
}
