import { connect, type Connection } from '@autotest/graphql/client';
import { findServer } from '../config.ts';

/** Runs a command's work on a connection to the server it is about, and closes that. */
export async function withServer<T>(options: object, work: (server: Connection) => Promise<T>): Promise<T> {
  const named = 'server' in options && typeof options.server === 'string' ? options.server : undefined;
  const server = connect({ ...findServer({ server: named }), traceParent: process.env.TRACEPARENT });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}
