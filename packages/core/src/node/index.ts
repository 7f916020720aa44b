/**
 * Files and processes on this machine: journals, paths of strangers, process identity. Node only; no ORM, no server.
 *
 * @module
 */
export { JournalWriter, type JournalWriterOptions } from './journal-writer.ts';
export { readJournal, type JournalChunk } from './journal-reader.ts';
export { makePaint, type Paint } from './paint.ts';
export { Remembered } from './remembered.ts';
export { confinePath, runtimeDir, safeFileName, uniqueName, writeFileAtomic } from './paths.ts';
export { isSameProcess, readProcessStart } from './process-identity.ts';
export { OutputHead } from './output-head.ts';
export { runLocal, type RunLocalOptions } from './run-local.ts';
export { kernelHash, readClassicTree, type ReadTreeOptions } from '../status-log/tree.ts';
export { readLines, type ReadLinesOptions, type ReadLinesResult } from '../status-log/read-lines.ts';
export { executionTrace, spanIdOf, testTrace, traceIdOf } from './trace-ids.ts';
export type { ListedFile } from './results/list-files.ts';
export { LocalResults } from './results/local-results.ts';
export { parseRange, type ByteRange } from './results/range.ts';
export { answerHeader, modifiedHeader, resultsLimits, resultsPaths, sizeHeader } from './results/results-protocol.ts';
export type {
  FileBytes,
  FileFollower,
  FollowRequestOptions,
  ListOptions,
  ResultsFile,
  ResultsReader,
} from './results/results-reader.ts';
export {
  readResultsToken,
  resultsSecretMs,
  resultsSecretName,
  resultsTokenMs,
  signResultsToken,
  type ResultsClaim,
} from './results/results-token.ts';
export { StatusLogFiles } from './status-log-files.ts';
