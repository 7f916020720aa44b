import { describe } from 'vitest';
import type { StoreUnderTest } from './fixture.ts';
import { describeScheduling } from './scheduling.ts';

/** What every engine must do. */
export function describeStore(engine: string, store: StoreUnderTest): void {
  describe(`the stores on ${engine}`, () => {
    describe('scheduling', () => describeScheduling(store));
  });
}
