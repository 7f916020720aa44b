import type { ExecutionContext } from '../execution/context.ts';

/** What comes and goes on the console of a host while the execution lasts. */
export interface ConsoleWatch {
  /** For people: `tcp://conserver:3001`. */
  readonly where: string;
  /** The last lines, oldest first, without escape sequences: evidence for messages. @param lines at most 1000 */
  tail(lines: number): readonly string[];
  /**
   * Waits for text that comes from now on, and gives what matched.
   *
   * @throws ConsoleTimeoutError; the signal's reason
   */
  waitFor(pattern: RegExp, limits: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<string>;
  /** Sends text as somebody would type it; a line ends with `\r`. @throws ConsoleError where the console is not connected */
  send(text: string, limits?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;
}

/**
 * The console of a host; undefined where its attribute `console` is not set, or the execution has not opened consoles. It is open from the start of a job or
 * repair to its end.
 */
export function consoleOf(context: Pick<ExecutionContext, 'consoles'>, host: string): ConsoleWatch | undefined {
  return context.consoles?.of(host);
}
