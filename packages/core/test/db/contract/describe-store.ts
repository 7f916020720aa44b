import { describe } from 'vitest';
import { describeCommits } from './commits.ts';
import { describeDispatchers } from './dispatchers.ts';
import { describeDurations } from './durations.ts';
import { describeEvents } from './events.ts';
import type { StoreUnderTest } from './fixture.ts';
import { describeFrontends } from './frontends.ts';
import { describeInventory } from './inventory.ts';
import { describeLookup } from './lookup.ts';
import { describeMoves } from './moves.ts';
import { describeNotifications } from './notifications.ts';
import { describePeople } from './people.ts';
import { describePositions } from './positions.ts';
import { describeRecurring } from './recurring.ts';
import { describeResults } from './results.ts';
import { describeScheduling } from './scheduling.ts';
import { describeSecrets } from './secrets.ts';
import { describeSubmission } from './submission.ts';
import { describeSuites } from './suites.ts';
import { describeWaits } from './waits.ts';

/** What every engine must do. */
export function describeStore(engine: string, store: StoreUnderTest): void {
  describe(`the stores on ${engine}`, () => {
    describe('users, bundles, hosts and jobs', () => describeFrontends(store));
    describe('a submission', () => describeSubmission(store));
    describe('suites', () => describeSuites(store));
    describe('a recurring job', () => describeRecurring(store));
    describe('what people do with hosts', () => describeInventory(store));
    describe('groups, accounts and users', () => describePeople(store));
    describe('events', () => describeEvents(store));
    describe('scheduling', () => describeScheduling(store));
    describe('commits', () => describeCommits(store));
    describe('waits', () => describeWaits(store));
    describe('dispatchers', () => describeDispatchers(store));
    describe('durations', () => describeDurations(store));
    describe('positions', () => describePositions(store));
    describe('lookup', () => describeLookup(store));
    describe('moves', () => describeMoves(store));
    describe('notifications', () => describeNotifications(store));
    describe('secrets', () => describeSecrets(store));
    describe('results', () => describeResults(store));
  });
}
