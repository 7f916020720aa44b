import type { Command } from '@autotest/core';
import { CommandInvalidError } from '../errors.ts';

const plainWord = /^[A-Za-z0-9_/.:=@%+,-]+$/;

/** One word for /bin/sh, whatever is in the text. @throws CommandInvalidError for NUL, which no argument can hold. */
export function quoteWord(text: string): string {
  if (text.includes('\0')) throw new CommandInvalidError('an argument holds a NUL byte');
  if (plainWord.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Argument vector as a line for /bin/sh that runs exactly this vector. The only place where words are quoted for a shell. */
export function quoteArgv(argv: readonly string[]): string {
  if (argv.length === 0 || argv[0] === '') throw new CommandInvalidError('it is empty');
  return argv.map(quoteWord).join(' ');
}

/** A command as people see it in logs. */
export function showCommand(command: Command): string {
  const text =
    typeof command === 'string' ? command : command.map((word) => quoteWord(word.replaceAll('\0', '\\0'))).join(' ');
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
