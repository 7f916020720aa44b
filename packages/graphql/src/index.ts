/**
 * The API server: GraphQL over HTTP and WebSocket, results files, and the web interface.
 *
 * ```ts
 * import { openDatabase } from '@autotest/core/db';
 * import { createFirstAdmin, startServer } from '@autotest/graphql';
 *
 * const database = await openDatabase('sqlite:./autotest.db', { migrate: true });
 * await createFirstAdmin(database, 'ada');
 * const server = await startServer({ database, dataDir: '.', port: 8080 });
 * console.log(await server.createLoginLink());
 * ```
 *
 * @module
 */
export { startServer, type Server, type ServerOptions } from './server/start-server.ts';
export { createFirstAdmin } from './auth/first-admin.ts';
export { NoSuchUserError } from './errors.ts';
export { ListenError } from '@autotest/core/telemetry';
