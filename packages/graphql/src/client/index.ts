/**
 * Typed client of the GraphQL API, for Node (22 or newer) and browsers.
 *
 * ```ts
 * import { connect, submitJob, watchJob } from '@autotest/graphql/client';
 *
 * const server = connect({ url: 'http://localhost:8080', token: process.env.AUTOTEST_TOKEN });
 * const { job } = await submitJob(server, { source, anyHosts: 1 });
 * for await (const { view } of watchJob(server, job.id)) console.log(view.job.state, view.job.outcome);
 * await server.close();
 * ```
 *
 * @module
 */
export { connect, type Connection, type ConnectOptions, type VariablesOf } from './connect.ts';
export type { StreamOptions } from './stream.ts';
export { ApiError, ConnectionClosedError, ServerUnreachableError } from './errors.ts';
export { JobRefusedError, submitJob, type Refusal, type SubmittedJob } from './submit-job.ts';
export { watchJob, type JobEvent, type JobStep, type JobView } from './watch-job.ts';
export { readFile, tailLog, type FileChunk } from './tail-log.ts';
export * from './generated/graphql.ts';
