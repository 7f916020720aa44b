import { FileAlarm } from './file-alarm.ts';
import { listFiles, type ListedFile } from './list-files.ts';
import { openFile } from './open-file.ts';
import { readBytes } from './read-bytes.ts';
import type { FileFollower, ListOptions, ResultsFile, ResultsReader } from './results-reader.ts';

/** A results directory on a disk of this machine. */
export class LocalResults implements ResultsReader {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  list(options: ListOptions): Promise<ListedFile[]> {
    return listFiles(this.#root, options);
  }

  async open(path: string): Promise<ResultsFile | undefined> {
    const file = await openFile(this.#root, path);
    if (file === undefined) return undefined;
    const { handle, sizeBytes, modifiedAt } = file;
    return {
      sizeBytes,
      modifiedAt,
      stream: async ({ start, end }) => handle.createReadStream({ start, end, autoClose: false }),
      close: () => handle.close().catch(() => undefined),
    };
  }

  read(path: string, offset: number, lengthBytes: number): ReturnType<ResultsReader['read']> {
    return readBytes(this.#root, path, offset, lengthBytes);
  }

  follow(path: string, signal: AbortSignal): FileFollower {
    const alarm = new FileAlarm(this.#root, path, signal);
    return {
      read: async ({ offset, lengthBytes, beyond, waitMs }) => {
        const until = performance.now() + waitMs;
        for (;;) {
          const found = await this.read(path, offset, lengthBytes);
          const leftMs = until - performance.now();
          if ((found && found.sizeBytes > beyond) || leftMs <= 0 || signal.aborted) return found;
          await alarm.wait(leftMs);
        }
      },
      close: () => alarm.close(),
    };
  }
}
