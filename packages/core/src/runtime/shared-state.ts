import { isJsonValue, type JsonValue } from '../json/json-value.ts';
import type { SharedState } from '../control/job.ts';
import { StepValueError } from './errors.ts';

/** `job.state`: values of one run of the control file. A control file that runs again sets them again. */
export function makeSharedState(initial: Readonly<Record<string, JsonValue>> = {}): SharedState {
  const values = new Map<string, JsonValue>(Object.entries(initial));
  return {
    get<T extends JsonValue>(name: string, fallback?: T): T {
      const value = values.get(name);
      // oxlint-disable-next-line no-unsafe-type-assertion -- the control file knows what it set
      if (value !== undefined) return structuredClone(value) as T;
      if (fallback !== undefined) return fallback;
      throw new Error(`job.state has no value named ${name}; set it first, or give a fallback.`);
    },
    set(name, value) {
      if (!isJsonValue(value)) throw new StepValueError(`state:${name}`, 'it is not plain JSON');
      values.set(name, structuredClone(value));
    },
    has: (name) => values.has(name),
  };
}
