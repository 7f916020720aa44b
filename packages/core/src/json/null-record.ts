/**
 * A record without a prototype, for keys that come from outside: `__proto__` and `constructor` are keys like any other,
 * and a key that is not there reads as undefined.
 */
export function nullRecord<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  const record: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) record[key] = value;
  return record;
}
