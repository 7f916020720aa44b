import type { Clock } from '@autotest/core';
import type { Database } from '@autotest/core/db';

/**
 * What connects a dispatcher of a lab with its database and its clock. It counts calls, so that a lab knows when nothing moves any more, and it can be cut: then the dispatcher
 * is as good as killed.
 */
export class Cable {
  calls = 0;
  inFlight = 0;
  isCut = false;

  database(real: Database): Database {
    const stores = new Map<unknown, unknown>();
    return new Proxy(real, {
      get: (target, name: keyof Database) => {
        const store = target[name];
        if (typeof store !== 'object') return store;
        const known = stores.get(store) ?? this.#store(store);
        stores.set(store, known);
        return known;
      },
    });
  }

  clock(real: Clock): Clock {
    return {
      now: () => real.now(),
      monotonicMs: () => real.monotonicMs(),
      setTimeout: (callback, ms) => real.setTimeout(() => !this.isCut && callback(), ms),
    };
  }

  #store<Store extends object>(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => this.#call(() => Reflect.apply(method, target, args));
      },
    });
  }

  #call(work: () => unknown): unknown {
    if (this.isCut) return new Promise(() => {});
    this.calls++;
    const result = work();
    if (!(result instanceof Promise)) return result;
    this.inFlight++;
    return result.finally(() => this.inFlight--).then((value: unknown) => (this.isCut ? new Promise(() => {}) : value));
  }
}
