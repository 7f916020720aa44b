import { useClientHandle } from '@urql/vue';
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import { failureOf, type Failure } from '../../api/failure.ts';
import { ask } from '../../api/request.ts';
import { useSession } from '../../api/session.ts';
import { JobCountsDocument, JobsDocument } from '../../generated/graphql.ts';
import { onLiveEvent, useLive } from '../../live/live.ts';
import { KeyThrottle } from '../../live/throttle.ts';
import type { JobFilters } from './job-filters.ts';
import { JobList } from './job-list.ts';

const pageSize = 50;
const countsEveryMs = 1000;

export interface JobListSource {
  readonly list: Readonly<ShallowRef<JobList>>;
  readonly state: Readonly<Ref<'loading' | 'ready' | 'failed'>>;
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly loadingMore: Readonly<Ref<boolean>>;
  reload(): Promise<void>;
  loadMore(): Promise<void>;
}

/** The job list under these filters, kept current by the application's stream. */
export function useJobList(filters: Readonly<Ref<JobFilters>>): JobListSource {
  const { client } = useClientHandle();
  const session = useSession();
  const live = useLive();
  const list = shallowRef(new JobList(filters.value));
  const state = ref<'loading' | 'ready' | 'failed'>('loading');
  const failure = shallowRef<Failure>();
  const hasMore = ref(false);
  const loadingMore = ref(false);
  let endCursor: string | null = null;

  const counts = new KeyThrottle<string>(countsEveryMs, (ids) => {
    for (const id of ids) void refreshCounts(id);
  });
  onScopeDispose(() => counts.stop());
  onScopeDispose(live.onGap(() => void reload()));
  onLiveEvent(live, (event) => {
    if (event.job === null) return;
    list.value.takeJob(event.job);
    const changesCounts =
      event.kind === 'result.node' || event.kind === 'job.finished' || event.kind === 'job.submitted';
    if (changesCounts && list.value.rows.has(event.job.id)) counts.add(event.job.id);
  });
  watch(filters, () => void reload(), { immediate: true });

  async function refreshCounts(id: string): Promise<void> {
    const data = await ask(client, JobCountsDocument, { id }).catch(() => undefined);
    if (data?.job !== null && data?.job !== undefined) list.value.setCounts(id, data.job.counts);
  }

  async function reload(): Promise<void> {
    const fresh = new JobList(filters.value);
    list.value = fresh;
    state.value = 'loading';
    failure.value = undefined;
    endCursor = null;
    await load(fresh);
  }

  async function load(target: JobList): Promise<void> {
    try {
      const { jobs } = await ask(client, JobsDocument, { first: pageSize, after: endCursor, ...filters.value });
      if (list.value !== target) return;
      target.addPage(jobs.edges.map((edge) => edge.node));
      hasMore.value = jobs.pageInfo.hasNextPage;
      endCursor = jobs.pageInfo.endCursor;
      state.value = 'ready';
    } catch (error) {
      if (list.value !== target) return;
      failure.value = failureOf(error);
      if (failure.value.kind === 'signedOut') session.forget();
      state.value = 'failed';
    }
  }

  async function loadMore(): Promise<void> {
    if (loadingMore.value || !hasMore.value) return;
    loadingMore.value = true;
    await load(list.value);
    loadingMore.value = false;
  }

  return { list, state, failure, hasMore, loadingMore, reload, loadMore };
}
