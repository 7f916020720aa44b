import type { JsonValue } from './json-value.ts';

/**
 * JSON text with sorted keys and no blanks: equal values give equal text, whatever order their keys were set in.
 * Keys sort by UTF-16 code units. Numbers are written as `JSON.stringify` writes them.
 */
export function stableStringify(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(stableStringify).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${stableStringify(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
