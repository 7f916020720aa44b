/** Thrown when something is so that must never be so. */
export class Violation extends Error {
  readonly invariant: string;

  /** @param invariant its name, as in docs/decisions/0007-simulation.md */
  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}
