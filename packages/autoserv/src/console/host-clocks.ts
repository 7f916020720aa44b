/**
 * Clocks of hosts against ours. Records of a host come some time after they were written, never before: the least difference seen is taken for the difference of the clocks.
 */
export class HostClocks {
  readonly #offsets = new Map<string, number>();

  /** A record that its host dated `t` is here now. */
  saw(host: string, t: number, now = Date.now()): void {
    this.#offsets.set(host, Math.min(this.#offsets.get(host) ?? Number.POSITIVE_INFINITY, now - t));
  }

  /** A time of the host by our clock. */
  here(host: string, t: number): number {
    return t + (this.#offsets.get(host) ?? 0);
  }
}
