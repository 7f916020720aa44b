import type { Readable } from 'node:stream';
import type { ByteRange } from './range.ts';
import type { ListedFile } from './list-files.ts';

/**
 * Reads the results directory of one execution, wherever it lies. Paths are of strangers: what they do not lead to inside of the directory is not there.
 */
export interface ResultsReader {
  /** Regular files, sorted by path. */
  list(options: ListOptions): Promise<ListedFile[]>;
  /** Undefined where there is no such file. Close what it gives. */
  open(path: string): Promise<ResultsFile | undefined>;
  /** Bytes from an offset; undefined where there is no such file. */
  read(path: string, offset: number, lengthBytes: number): Promise<FileBytes | undefined>;
  /** Reads a file as it grows. Close it. */
  follow(path: string, signal: AbortSignal): FileFollower;
}

export interface ListOptions {
  /** Most files that are given. */
  readonly first: number;
  /** Only what lies below this directory. */
  readonly under?: string | undefined;
}

export interface ResultsFile {
  readonly sizeBytes: number;
  /** ms since the epoch. */
  readonly modifiedAt: number;
  /** Bytes of it. */
  stream(range: ByteRange): Promise<Readable>;
  close(): Promise<void>;
}

export interface FileBytes {
  readonly bytes: Uint8Array;
  /** Of the whole file. */
  readonly sizeBytes: number;
}

export interface FileFollower {
  /** As `ResultsReader.read`; where the file is not larger than `beyond`, it waits until it is, or for `waitMs`. */
  read(request: FollowRequestOptions): Promise<FileBytes | undefined>;
  close(): void;
}

export interface FollowRequestOptions {
  readonly offset: number;
  readonly lengthBytes: number;
  readonly beyond: number;
  readonly waitMs: number;
}
