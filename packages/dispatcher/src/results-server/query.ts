/** A request that cannot be understood. Goes no further than the server. */
export class BadQueryError extends Error {}

/** A whole number from a query. @throws BadQueryError */
export function numberIn(query: URLSearchParams, name: string, range: { least: number; most: number }): number {
  const text = query.get(name) ?? '';
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= range.least && value <= range.most) return value;
  throw new BadQueryError(`${name} is a number from ${range.least} to ${range.most}.`);
}

/** @throws BadQueryError */
export function pathIn(query: URLSearchParams): string {
  const path = query.get('path');
  if (path === null) throw new BadQueryError('path is missing.');
  return path;
}
