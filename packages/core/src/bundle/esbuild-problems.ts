import type { Location, Message } from 'esbuild';
import { BuildTimeoutError } from './esbuild-service.ts';
import { ControlFileError, type SourceProblem } from './errors.ts';

/** What esbuild reports, as problems of the user's files. Gives back anything else as it is. */
export function toControlFileError(error: unknown): unknown {
  if (error instanceof BuildTimeoutError) return new ControlFileError([timeoutProblem], { cause: error });
  if (!isBuildFailure(error) || error.errors.length === 0) return error;
  return new ControlFileError(error.errors.map(toProblem), { cause: error });
}

const timeoutProblem: SourceProblem = {
  file: 'control file',
  line: 1,
  column: 1,
  message: 'Compiling this file with what it imports takes too long.',
  remedy: 'Take deeply nested expressions apart, or import less.',
};

function isBuildFailure(error: unknown): error is Error & { errors: Message[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function toProblem({ text, location, detail }: Message): SourceProblem {
  const message = /[.!?]$/.test(text) ? text : `${text}.`;
  return { ...toPlace(location), message, remedy: remedyOf(text, detail) };
}

function toPlace(location: Location | null): { file: string; line: number; column: number } {
  if (location === null) return { file: 'control file', line: 1, column: 1 };
  // Columns count bytes of UTF-8 from 0.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return { file: location.file, line: location.line, column: before.length + 1 };
}

function remedyOf(text: string, detail: unknown): string {
  if (typeof detail === 'object' && detail !== null && 'remedy' in detail) return String(detail.remedy);
  const missing = /^Could not resolve "(.*)"$/.exec(text)?.[1];
  if (missing === undefined)
    return text.startsWith('No loader') ? 'Only code, JSON and text can be imported.' : 'Correct it.';
  if (missing.startsWith('.')) return 'Check the path: it is relative to this file.';
  return `Install it next to the control file: npm install ${missing}`;
}
