import { AutotestError } from '../errors/autotest-error.ts';

/** One thing wrong in a source file. */
export interface SourceProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 code units. */
  readonly column: number;
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Thrown when a control file or a test it names is not good. `code` is `AT_CONTROL_INVALID`; the message lists all problems. */
export class ControlFileError extends AutotestError {
  readonly problems: readonly SourceProblem[];

  constructor(found: readonly SourceProblem[], options: { cause?: unknown } = {}) {
    const problems = [...found].sort(byPlace);
    super('AT_CONTROL_INVALID', problems.map(formatProblem).join('\n'), { ...options, details: { problems } });
    this.name = 'ControlFileError';
    this.problems = problems;
  }
}

/** Files stay in the order in which they were looked at. */
function byPlace(a: SourceProblem, b: SourceProblem): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}

/** `file:line:column: what. remedy` */
function formatProblem({ file, line, column, message, remedy }: SourceProblem): string {
  return `${file}:${line}:${column}: ${message} ${remedy}`.trimEnd();
}

/** Thrown when a control file with everything it brings is larger than allowed. `code` is `AT_CONTROL_TOO_LARGE`. */
export class ControlTooLargeError extends AutotestError {
  constructor(fileName: string, sizeBytes: number, maxBytes: number) {
    const sizes = `${mebibytes(sizeBytes)}, more than the ${mebibytes(maxBytes)} allowed`;
    super(
      'AT_CONTROL_TOO_LARGE',
      `${fileName} with everything it imports has ${sizes}. Import less, or fetch large data while the test runs.`,
      { details: { fileName, sizeBytes, maxBytes } },
    );
    this.name = 'ControlTooLargeError';
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

/** Thrown when a stored or sent bundle is not what its hash says, or no bundle at all. `code` is `AT_BUNDLE_CORRUPT`. */
export class BundleCorruptError extends AutotestError {
  constructor(problem: string, options: { cause?: unknown } = {}) {
    super('AT_BUNDLE_CORRUPT', `This bundle is damaged: ${problem} Bundle the control file again.`, options);
    this.name = 'BundleCorruptError';
  }
}
