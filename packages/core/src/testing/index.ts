/**
 * Fixtures for tests of Autotest and of what is built on it.
 *
 * @module
 */
export { makeTestDatabase } from './database.ts';
