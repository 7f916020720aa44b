/**
 * The client: runs client control files and tests on a host, with or without a server.
 *
 * @module
 */
export { bundledTests } from './tests/index.ts';
