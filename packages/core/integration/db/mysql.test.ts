import { openDatabase } from '@autotest/core/db';
import { describe } from 'vitest';
import { describeConcurrency } from '../../test/db/contract/concurrent.ts';
import { describeStore } from '../../test/db/contract/describe-store.ts';
import { describeEventGaps } from './event-gaps.ts';
import { describeLocks } from './locks.ts';
import { describeSchema } from './schema.ts';
import { describeSuiteProgress } from './suite-progress.ts';

/** URL of a MySQL server without a database, with a user who may create some: `mysql://root@127.0.0.1:3306`. */
const server = process.env.AUTOTEST_TEST_MYSQL_URL;

describe.skipIf(server === undefined)('MySQL (where AUTOTEST_TEST_MYSQL_URL names a server)', () => {
  let number = 0;
  let url = '';
  const newUrl = (): string => `${server}/autotest_test_${process.pid}_${Date.now()}_${++number}`;
  const store = {
    open: () => openDatabase((url = newUrl()), { migrate: true }),
    url: () => url,
  };

  describeStore('MySQL', store);
  describe('several connections', () => describeConcurrency(store));
  describe('rows that another connection has locked', () => describeLocks(newUrl));
  describe('gaps in the ids of events', () => describeEventGaps(newUrl));
  describe('a suite', () => describeSuiteProgress(newUrl));
  describe('the schema', () => describeSchema(newUrl));
});
