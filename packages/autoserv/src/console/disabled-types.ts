interface Interval {
  readonly from: number;
  to: number | undefined;
}

/** Most intervals that are remembered of a type. */
const maxIntervals = 1000;

/**
 * When which types of warnings were disabled. What counts is the time of a warning, not when somebody comes to judge it: one from before the type was disabled is valid also afterwards.
 * Disabling twice is disabling once; types do not touch each other. A host of its own, or all (`undefined`).
 */
export class DisabledTypes {
  readonly #intervals = new Map<string, Interval[]>();

  disable(type: string, t: number, host?: string): void {
    const intervals = this.#of(type, host);
    if (intervals.at(-1) !== undefined && intervals.at(-1)?.to === undefined) return;
    intervals.push({ from: t, to: undefined });
    if (intervals.length > maxIntervals) intervals.shift();
  }

  enable(type: string, t: number, host?: string): void {
    const last = this.#of(type, host).at(-1);
    if (last && last.to === undefined) last.to = Math.max(t, last.from);
  }

  /** Whether a warning of this type, at this time, on this host, is not wanted. */
  isDisabled(type: string, t: number, host: string): boolean {
    return [...this.#of(type, host), ...this.#of(type, undefined)].some(
      ({ from, to }) => t >= from && (to === undefined || t < to),
    );
  }

  #of(type: string, host: string | undefined): Interval[] {
    const key = JSON.stringify([type, host]);
    const known = this.#intervals.get(key) ?? [];
    this.#intervals.set(key, known);
    return known;
  }
}
