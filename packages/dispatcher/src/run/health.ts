/** How much the latest work counts. */
const weight = 0.1;
/** A failure counts more: a host that fails one time in three is no good one. */
const failureWeight = 0.25;

/** Health of a host after it did something: exponentially weighted share of what did not fail for its sake, 0 to 1. */
export function healthAfter(health: number, isGood: boolean): number {
  const next = isGood ? health + (1 - health) * weight : health * (1 - failureWeight);
  return Math.round(next * 1e6) / 1e6;
}
