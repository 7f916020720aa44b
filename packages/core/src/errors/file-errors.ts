import { AutotestError, messageOf } from './autotest-error.ts';

/** Thrown when a path would leave the directory it must stay in. */
export class PathEscapeError extends AutotestError {
  constructor(root: string, path: string) {
    super(
      'AT_PATH_ESCAPE',
      `The path ${JSON.stringify(path.slice(0, 200))} does not stay inside ${root}; use a relative path without "..".`,
      {
        details: { root, path },
      },
    );
    this.name = 'PathEscapeError';
  }
}

/** Thrown when a directory for sockets belongs to somebody else or lets others in. */
export class UnsafeDirectoryError extends AutotestError {
  constructor(directory: string) {
    super(
      'AT_UNSAFE_DIRECTORY',
      `${directory} must be a directory of this user that nobody else can enter; remove it or run chmod 700 on it.`,
      { details: { directory } },
    );
    this.name = 'UnsafeDirectoryError';
  }
}

/** Thrown when a journal cannot be written. What was synced before is safe. `AT_RESULTS_DISK_FULL` for want of space, else `AT_JOURNAL_WRITE`. */
export class JournalWriteError extends AutotestError {
  constructor(file: string, cause: unknown) {
    const full = typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOSPC';
    super(
      full ? 'AT_RESULTS_DISK_FULL' : 'AT_JOURNAL_WRITE',
      full
        ? `The disk that holds ${file} is full; free space there and run the job again.`
        : `Writing ${file} failed: ${messageOf(cause)}.`,
      { cause, details: { file } },
    );
    this.name = 'JournalWriteError';
  }
}
