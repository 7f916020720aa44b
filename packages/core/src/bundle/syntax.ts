import { createRequire } from 'node:module';
import type * as Babel from '@babel/parser';
import type { Expression, File, ParseError } from '@babel/parser';
import { messageOf } from '../errors/autotest-error.ts';
import { ControlFileError, type SourceProblem } from './errors.ts';
import { OutOfTimeError, withinTime } from './within-time.ts';

export type { Expression };
export type Statement = File['program']['body'][number];
export type ObjectExpression = Extract<Expression, { type: 'ObjectExpression' }>;
export type CallExpression = Extract<Expression, { type: 'CallExpression' }>;

/** A source file with its syntax tree. */
export interface Syntax {
  readonly fileName: string;
  readonly source: string;
  readonly statements: readonly Statement[];
}

/** Anything that knows where it stands: every node of the tree. */
export interface Located {
  readonly start?: number | null;
}

const parseLimitMs = 5000;

/**
 * Reads a TypeScript module, in a bounded time.
 *
 * @throws ControlFileError with every syntax error.
 */
export function parseSyntax(source: string, fileName: string, limitMs = parseLimitMs): Syntax {
  const { program, errors } = parseOrThrow(source, fileName, limitMs);
  if (errors.length > 0) throw new ControlFileError(errors.map((error) => syntaxProblem(error, source, fileName)));
  return { fileName, source, statements: program.body };
}

let parser: typeof Babel | undefined;

/** Loads the parser on first use: most users of this entry only read bundles. */
function loadParser(): typeof Babel {
  const loaded: typeof Babel = parser ?? createRequire(import.meta.url)('@babel/parser');
  parser = loaded;
  return loaded;
}

function parseOrThrow(source: string, fileName: string, limitMs: number): Babel.ParseResult {
  const { parse } = loadParser();
  try {
    return withinTime(limitMs, () =>
      parse(source, {
        sourceType: 'module',
        plugins: ['typescript', 'decorators'],
        errorRecovery: true,
        allowAwaitOutsideFunction: true,
      }),
    );
  } catch (error) {
    throw new ControlFileError([syntaxProblem(error, source, fileName)], { cause: error });
  }
}

function syntaxProblem(error: unknown, source: string, fileName: string): SourceProblem {
  if (error instanceof RangeError || error instanceof OutOfTimeError) {
    const remedy = 'Take deeply nested expressions apart.';
    return { file: fileName, line: 1, column: 1, message: 'This file is nested too deeply to be read.', remedy };
  }
  const offset = isParseError(error) ? error.pos : 0;
  // Babel ends its messages with its own `(line:column)`.
  const message = `${messageOf(error).replace(/\.? \(\d+:\d+\)$/, '')}.`;
  return { file: fileName, ...placeAt(source, offset), message, remedy: 'Correct the syntax.' };
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof Error && 'pos' in error && typeof error.pos === 'number';
}

/** Line and column, both 1-based, of an offset in UTF-16 code units. */
export function placeAt(source: string, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let end = source.indexOf('\n'); end >= 0 && end < offset; end = source.indexOf('\n', lineStart)) {
    line++;
    lineStart = end + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** The expression without the parentheses and type annotations around it: `as const`, `satisfies X`, `x!`, `<X>x`. */
export function peel(node: Expression): Expression {
  switch (node.type) {
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'ParenthesizedExpression':
      return peel(node.expression);
    default:
      return node;
  }
}
