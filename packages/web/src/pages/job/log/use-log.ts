import { useClientHandle } from '@urql/vue';
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import { failureOf, type Failure } from '../../../api/failure.ts';
import { ask } from '../../../api/request.ts';
import { LogTailDocument, ReadFileDocument } from '../../../generated/graphql.ts';
import { backOffMs } from '../../../live/event-stream.ts';
import { useLive } from '../../../live/live.ts';
import { RefusedError, SignedOutError } from '../../../live/socket.ts';
import { LogBuffer, type LogPiece } from '../../../model/log-buffer.ts';

/** Logs up to this size are shown from their beginning; of larger ones the end, and what comes before on demand. */
const wholeUpToBytes = 4 * 1024 * 1024;
const tailBytes = 512 * 1024;
const earlierBytes = 512 * 1024;
const drawEveryMs = 50;

export interface LogSource {
  readonly buffer: LogBuffer;
  /** Rises when the buffer has changed. */
  readonly version: Readonly<Ref<number>>;
  readonly ended: Readonly<Ref<boolean>>;
  readonly failure: Readonly<ShallowRef<Failure | undefined>>;
  readonly loadingEarlier: Readonly<Ref<boolean>>;
  /** Reads a stretch before what is held. Gives how many lines came in front. */
  loadEarlier(): Promise<number>;
}

/**
 * A log from the past into the present: what is there, then what is added, until the execution is over. After a break it goes on at the byte where it
 * was. `onLines` is told how many lines came, together with the drawing of them.
 */
export function useLog(
  log: { executionId: string; path: string; sizeBytes: number },
  onLines: (count: number) => void,
): LogSource {
  const { client } = useClientHandle();
  const { feed } = useLive();
  const buffer = new LogBuffer(log.sizeBytes <= wholeUpToBytes ? 0 : log.sizeBytes - tailBytes);
  const version = ref(0);
  const ended = ref(false);
  const failure = shallowRef<Failure>();
  const loadingEarlier = ref(false);
  const stop = new AbortController();
  let newLines = 0;
  let drawing: ReturnType<typeof setTimeout> | undefined;
  onScopeDispose(() => {
    stop.abort();
    clearTimeout(drawing);
  });

  function take(piece: LogPiece): void {
    newLines += buffer.append(piece);
    drawing ??= setTimeout(() => {
      drawing = undefined;
      version.value += 1;
      onLines(newLines);
      newLines = 0;
    }, drawEveryMs);
  }

  async function follow(): Promise<void> {
    const { executionId, path } = log;
    for (let attempt = 1; !stop.signal.aborted; attempt += 1) {
      try {
        await feed.run(
          LogTailDocument,
          { executionId, path, offset: buffer.end },
          ({ logTail }) => {
            attempt = 1;
            take(logTail);
            if (logTail.end) ended.value = true;
          },
          stop.signal,
        );
        ended.value = true;
        return;
      } catch (error) {
        if (error instanceof RefusedError) failure.value = failureOf(error);
        if (error instanceof RefusedError || error instanceof SignedOutError) return;
      }
      await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt)));
    }
  }

  async function loadEarlier(): Promise<number> {
    if (loadingEarlier.value || buffer.start === 0) return 0;
    loadingEarlier.value = true;
    try {
      return await readBefore(buffer.start);
    } catch (error) {
      failure.value = failureOf(error);
      return 0;
    } finally {
      loadingEarlier.value = false;
    }
  }

  async function readBefore(end: number): Promise<number> {
    const start = Math.max(0, end - earlierBytes);
    const pieces: LogPiece[] = [];
    for (let at = start; at < end;) {
      const data = await ask(client, ReadFileDocument, {
        executionId: log.executionId,
        path: log.path,
        offset: at,
        length: end - at,
      });
      const piece = data.execution?.readFile;
      if (piece === undefined || piece.nextOffset <= at) return 0;
      pieces.push(piece);
      at = piece.nextOffset;
    }
    const text = pieces.map((piece) => piece.text).join('');
    const moved = buffer.prepend({ offset: pieces[0]?.offset ?? start, nextOffset: end, text });
    version.value += 1;
    return moved;
  }

  void follow();
  return { buffer, version, ended, failure, loadingEarlier, loadEarlier };
}
