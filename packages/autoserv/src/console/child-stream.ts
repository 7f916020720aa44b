import { spawn } from 'node:child_process';
import type { ConsoleStream } from './console-source.ts';

/** From TERM to KILL. */
const graceMs = 500;

/** A program whose input and output are a console. What it says on stderr is why it ended. */
export function childStream(
  argv: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  options: { readonly onStderr?: (text: string) => void } = {},
): ConsoleStream {
  const [file, ...args] = argv;
  const child = spawn(file, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-500);
    options.onStderr?.(said);
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(said.trim() || `${file} ended (${signal ?? `exit code ${code}`})`));
  });
  const close = (): void => {
    child.stdin.destroy();
    kill('SIGTERM');
    const timer = setTimeout(kill, graceMs, 'SIGKILL');
    child.once('close', () => clearTimeout(timer));
  };
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It is gone.
    }
  };
  return { output: child.stdout, input: child.stdin, ended, close };
}

/** Environment of such programs: without what autoserv alone is to know. */
export function plainEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    PATH: env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C',
    TERM: 'dumb',
    ...(env.HOME !== undefined && { HOME: env.HOME }),
  };
}
