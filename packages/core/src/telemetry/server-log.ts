import pino, { type Logger } from 'pino';
import { createLog, type Log, type LogFields, type LogLevel } from '../log.ts';
import { redactFields, redactText } from './redact.ts';

export interface ServerLogOptions {
  /** @default 'info' */
  readonly level?: LogLevel | undefined;
  /** `text` for people; `json`: one object a line, with `time`, `level`, `program`, `pid` and `message`. @default 'text' */
  readonly format?: 'text' | 'json' | undefined;
  /** Which program speaks, in JSON. */
  readonly program: string;
  /** Takes one line with its newline. @default to stderr */
  readonly write?: ((line: string) => void) | undefined;
}

/** The log of a daemon. Passwords, tokens and their like do not get into it: see redact.ts. */
export function createServerLog(options: ServerLogOptions): Log {
  const { level = 'info', write = (line) => void process.stderr.write(line) } = options;
  if (options.format !== 'json') return textLog(createLog({ level, write: (line) => write(`${line}\n`) }));
  const logger = pino(
    {
      level,
      base: { program: options.program, pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return jsonLog(logger, {});
}

function textLog(log: Log): Log {
  return {
    debug: (message, fields) => log.debug(redactText(message), textFields(fields)),
    info: (message, fields) => log.info(redactText(message), textFields(fields)),
    warn: (message, fields) => log.warn(redactText(message), textFields(fields)),
    error: (message, fields) => log.error(redactText(message), textFields(fields)),
    child: (fields) => textLog(log.child(textFields(fields))),
  };
}

/** Errors stay errors, so that they are shown with their stack. */
function textFields(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(redactFields(fields)).map(([name, value]) => {
      const given = fields[name];
      if (!(given instanceof Error)) return [name, value];
      return [name, Object.assign(new Error(), { stack: redactText(given.stack ?? given.message) })];
    }),
  );
}

function jsonLog(logger: Logger, base: LogFields): Log {
  const line = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: LogFields): void => {
    if (logger.isLevelEnabled(level)) logger[level](jsonFields({ ...base, ...fields }), redactText(message));
  };
  return {
    debug: (message, fields) => line('debug', message, fields),
    info: (message, fields) => line('info', message, fields),
    warn: (message, fields) => line('warn', message, fields),
    error: (message, fields) => line('error', message, fields),
    child: (fields) => jsonLog(logger, { ...base, ...fields }),
  };
}

const ownNames: ReadonlySet<string> = new Set(['time', 'level', 'program', 'pid', 'message']);

/** An object in which no name stands twice. */
function jsonFields(fields: LogFields): LogFields {
  const entries = Object.entries(redactFields(fields));
  return Object.fromEntries(entries.map(([name, value]) => [ownNames.has(name) ? `${name}_` : name, value]));
}
