import { makeTestDatabase } from '@autotest/core/testing';
import { describeStore } from './contract/describe-store.ts';

describeStore('SQLite in memory', { open: () => makeTestDatabase() });
