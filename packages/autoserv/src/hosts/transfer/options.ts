import type { TransferProgress } from '@autotest/core';

/** How a tree is copied; complete, as the code inside needs it. */
export interface TransferSettings {
  /** Delete at the destination what the source does not have; never outside it, and never through links. */
  readonly deleteExtra: boolean;
  readonly preservePermissions: boolean;
  /** Copy symbolic links as links. Otherwise a link to a file is copied as that file on the way to a host, and left out on the way back. */
  readonly preserveSymlinks: boolean;
  /** Most bytes of content that are taken from a host. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: TransferProgress) => void;
}

/** Something of a tree that was not copied. */
export interface Refusal {
  readonly path: string;
  readonly why: string;
}

/** What a transfer did. */
export interface TransferReport {
  /** Files that went over the connection. */
  readonly files: number;
  /** Bytes of their content that did. */
  readonly bytes: number;
  /** Files that were there already, by hash. */
  readonly skipped: number;
  /** What did not come, with the reason; the rest did. */
  readonly refused: readonly Refusal[];
}

/** Files from this size on go in blocks of their own and resume where they were cut off. */
export const largeBytes = 8 * 1024 * 1024;
/** One archive holds at most this much, so a lost connection costs no more. */
export const batchBytes = 64 * 1024 * 1024;
export const batchFiles = 5000;
/** Most bytes that a host may need to tell which files it has. */
export const maxListBytes = 64 * 1024 * 1024;
/** Most refusals that are kept. */
export const maxRefusals = 100;
