/** The server counts no further; one more stands for all numbers above. */
const maxCounted = 10_000;

/** `3 of 12 in line`; undefined where nobody stands in line. */
export function placeOf(place: {
  readonly position: number | null;
  readonly queueLength: number | null;
}): string | undefined {
  const { position, queueLength } = place;
  if (position === null || queueLength === null) return undefined;
  return `${counted(position)} of ${counted(queueLength)} in line`;
}

function counted(count: number): string {
  return count > maxCounted ? `${maxCounted}+` : String(count);
}
