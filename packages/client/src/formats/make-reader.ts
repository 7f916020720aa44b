import { NotSupportedError, type ResultFormat } from '@autotest/core';
import type { FormatReader, FormatSink } from './format-reader.ts';
import { JunitReader } from './junit.ts';
import { TapReader } from './tap.ts';

/**
 * A reader for a result format; undefined for `exit`, where the exit code says everything.
 *
 * @throws NotSupportedError
 */
export function makeReader(format: ResultFormat, sink: FormatSink): FormatReader | undefined {
  switch (format) {
    case 'exit':
      return undefined;
    case 'tap':
    case 'ktap':
      return new TapReader(format, sink);
    case 'junit':
      return new JunitReader(sink);
    default:
      throw new NotSupportedError(
        `Result format ${format}`,
        'Use exit, tap, ktap or junit; most programs can write one of these.',
      );
  }
}
