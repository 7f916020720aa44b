import { serializeError } from './errors/autotest-error.ts';

/** Facts of one log line: names of things, ids, numbers, an `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a long-running part says what it does. One line a call; a call never throws. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds these fields to each line. */
  child(fields: LogFields): Log;
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  /** @default 'info' */
  readonly level?: LogLevel;
  /** @default 'text' */
  readonly format?: 'text' | 'json';
  /** Takes one line without newline. */
  readonly write: (line: string) => void;
  /** ms since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** A log of text lines (`time LEVEL message key=value …`) or JSON lines. */
export function createLog(options: LogOptions, base: LogFields = {}): Log {
  const threshold = logLevels.indexOf(options.level ?? 'info');
  const line = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (logLevels.indexOf(level) < threshold) return;
    const time = new Date((options.now ?? Date.now)()).toISOString();
    const all = { ...base, ...fields };
    options.write(
      options.format === 'json' ? jsonLine(time, level, message, all) : textLine(time, level, message, all),
    );
  };
  return {
    debug: (message, fields) => line('debug', message, fields),
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error: (message, fields) => line('error', message, fields),
    child: (fields) => createLog(options, { ...base, ...fields }),
  };
}

const nothing = (): void => {};

/** Says nothing. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog };

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const plain = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainValue(value)]));
  return JSON.stringify({ ...plain, time, level, message });
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${textValue(value)}`);
  return `${time} ${level.toUpperCase().padEnd(5)} ${escapeControls(message)}${facts.join('')}`;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return serializeError(value);
  return typeof value === 'bigint' ? String(value) : value;
}

function textValue(value: unknown): string {
  if (value instanceof Error) return escapeControls(value.stack ?? value.message);
  if (typeof value === 'string') return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
}

/** A line of a stranger's text must not look like two. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => JSON.stringify(char).slice(1, -1));
}
