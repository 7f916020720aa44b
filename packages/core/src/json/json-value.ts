/** Anything JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Deepest nesting of arrays and objects that {@link isJsonValue} and {@link stableStringify} take. */
export const maxJsonDepth = 200;

/**
 * Whether JSON can carry a value without loss: no undefined, function, bigint, symbol, NaN, infinity or class instance,
 * no cycle, and not deeper than {@link maxJsonDepth}.
 */
export function isJsonValue(value: unknown, depth = 0): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= maxJsonDepth) return false;
  if (Array.isArray(value)) return isDense(value) && value.every((item) => isJsonValue(item, depth + 1));
  return isPlainObject(value) && Object.values(value).every((item) => isJsonValue(item, depth + 1));
}

/** Whether a value is an object as literals and `JSON.parse` make it; one without a prototype counts too. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype, whose own prototype is null just the same.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isDense(array: readonly unknown[]): boolean {
  return Object.keys(array).length === array.length;
}
