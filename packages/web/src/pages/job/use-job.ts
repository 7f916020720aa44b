import { useClientHandle } from '@urql/vue';
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { failureOf, type Failure } from '../../api/failure.ts';
import { ask } from '../../api/request.ts';
import { useSession } from '../../api/session.ts';
import { EventCursorDocument, JobEventsDocument, JobPageDocument, JobPartsDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/live.ts';
import { KeyThrottle } from '../../live/throttle.ts';
import { JobDetail } from './job-detail.ts';

export interface JobSource {
  readonly state: Readonly<Ref<'loading' | 'ready' | 'missing' | 'failed'>>;
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
  readonly detail: Readonly<ShallowRef<JobDetail | undefined>>;
  reload(): Promise<void>;
}

const partsEveryMs = 300;

/** A job and what becomes of it while the page is open. */
export function useJob(id: string): JobSource {
  const { client } = useClientHandle();
  const session = useSession();
  const live = useLive();
  const state = ref<'loading' | 'ready' | 'missing' | 'failed'>('loading');
  const failure = shallowRef<Failure>();
  const detail = shallowRef<JobDetail>();
  let following = new AbortController();
  const parts = new KeyThrottle<string>(partsEveryMs, () => void refreshParts());
  onScopeDispose(() => {
    following.abort();
    parts.stop();
  });

  async function reload(): Promise<void> {
    following.abort();
    following = new AbortController();
    const { signal } = following;
    failure.value = undefined;
    if (detail.value === undefined) state.value = 'loading';
    try {
      // The cursor first: what happens while the page is read comes as an event again.
      const { eventCursor } = await ask(client, EventCursorDocument, {});
      const { job } = await ask(client, JobPageDocument, { id });
      if (signal.aborted) return;
      if (job === null) {
        state.value = 'missing';
        return;
      }
      const loaded = new JobDetail(job, (work) => setTimeout(work, 32));
      detail.value = loaded;
      state.value = 'ready';
      void live.follow(
        JobEventsDocument,
        (after) => ({ after, jobId: id }),
        {
          onEvent: (event) => {
            if (loaded.takeEvent(event)) parts.add(id);
          },
          onGap: () => void reload(),
        },
        { signal, after: eventCursor },
      );
    } catch (error) {
      if (signal.aborted) return;
      failure.value = failureOf(error);
      if (failure.value.kind === 'signedOut') session.forget();
      state.value = 'failed';
    }
  }

  async function refreshParts(): Promise<void> {
    const data = await ask(client, JobPartsDocument, { id }).catch(() => undefined);
    if (data?.job !== null && data?.job !== undefined) detail.value?.takeParts(data.job);
  }

  void reload();
  return { state, failure, detail, reload };
}
