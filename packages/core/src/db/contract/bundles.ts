export interface StoredBundle {
  readonly hash: string;
  readonly fileName: string;
  readonly source: string;
  /** bundleToJson of @autotest/core/bundle. */
  readonly json: string;
  readonly sizeBytes: number;
}

export interface BundleStore {
  /** Idempotent by hash. */
  put(bundle: StoredBundle): Promise<void>;
  get(hash: string): Promise<StoredBundle | undefined>;
}
