import type { Connection } from './connect.ts';
import { ApiError } from './errors.ts';
import {
  EventCursorDocument,
  JobEventsDocument,
  JobSnapshotDocument,
  type EntryFieldsFragment,
  type JobEventsSubscription,
  type JobFieldsFragment,
  type ResultFieldsFragment,
} from './generated/graphql.ts';
import type { StreamOptions } from './stream.ts';

/** One event of a job. */
export type JobEvent = JobEventsSubscription['events'];

/** A job as it is after the newest event seen. One object for the whole watch: it changes from step to step. */
export interface JobView {
  readonly job: JobFieldsFragment;
  /** By index. */
  readonly entries: readonly EntryFieldsFragment[];
  /** By id, in order of first appearance. */
  readonly results: ReadonlyMap<string, ResultFieldsFragment>;
}

/** One step of a watch. */
export interface JobStep {
  /** Undefined for the first step, which shows the job as it is found. */
  readonly event: JobEvent | undefined;
  readonly view: JobView;
}

/**
 * Follows a job: first as it is, then every event with the job after it, until the job is finished. Survives broken connections and restarts of
 * the server.
 *
 * ```ts
 * for await (const { view } of watchJob(server, '12')) console.log(view.job.state);
 * ```
 *
 * @throws ApiError with code `AT_NOT_FOUND` for a job that does not exist
 */
export async function* watchJob(
  server: Connection,
  jobId: string,
  options: Pick<StreamOptions<JobEventsSubscription, unknown>, 'signal' | 'onReconnect'> = {},
): AsyncGenerator<JobStep, void, undefined> {
  // The cursor first: what happens between the two questions comes as an event, at worst once more.
  const { eventCursor } = await server.request(EventCursorDocument);
  const { job } = await server.request(JobSnapshotDocument, { id: jobId });
  if (job === null) throw new ApiError('AT_NOT_FOUND', `There is no job ${jobId}.`);
  const { entries, results, ...fields } = job;
  const view = {
    job: fields,
    entries: [...entries],
    results: new Map(results.map((result) => [result.id, result])),
  };
  yield { event: undefined, view };
  if (view.job.state === 'finished') return;
  for await (const { events: event } of server.subscribe(
    JobEventsDocument,
    { jobId, after: eventCursor },
    { signal: options.signal, onReconnect: options.onReconnect },
  )) {
    apply(view, event);
    yield { event, view };
    if (event.kind === 'job.finished') return;
  }
}

function apply(
  view: { job: JobFieldsFragment; entries: EntryFieldsFragment[]; results: Map<string, ResultFieldsFragment> },
  { job, entry, result }: JobEvent,
): void {
  if (job !== null) view.job = job;
  if (entry !== null) view.entries[entry.index] = entry;
  if (result !== null) view.results.set(result.id, result);
}
