import type { VersionedKind } from './versioned.ts';

/** So many are remembered: far more than can be under way in answers. */
const maxRemembered = 10_000;

/** Versions of rows that were over lately: an answer that was under way may be older, and would bring them back. */
export class EndedRows {
  /** By `kind:id`. */
  readonly #versions = new Map<string, number>();

  versionOf(kind: VersionedKind, id: number): number | undefined {
    return this.#versions.get(`${kind}:${id}`);
  }

  add(kind: VersionedKind, { id, version }: { readonly id: number; readonly version: number }): void {
    const key = `${kind}:${id}`;
    this.#versions.delete(key);
    this.#versions.set(key, version);
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= maxRemembered) return;
      this.#versions.delete(oldest);
    }
  }

  delete(kind: VersionedKind, id: number): void {
    this.#versions.delete(`${kind}:${id}`);
  }

  clear(): void {
    this.#versions.clear();
  }
}
