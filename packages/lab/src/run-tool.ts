import { spawn } from 'node:child_process';
import { LabError } from './errors.ts';

const timeoutMs = 30_000;

/**
 * Runs a program of this machine to its end.
 *
 * @param input for its stdin
 * @returns its stdout
 * @throws LabError with its stderr, when it cannot be started, fails or takes over 30 s
 */
export function runTool(argv: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
    const out: Buffer[] = [];
    const error: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk));
    child.on('error', (cause) =>
      reject(new LabError(`${file} cannot be run. See whether it is installed and on the PATH.`, { cause })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const said = Buffer.concat(error).toString().trim().slice(0, 500) || `it ended with ${signal ?? code}`;
      reject(new LabError(`${argv.join(' ').slice(0, 200)} failed: ${said}`));
    });
    // A program that ends without reading must not end us.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** As `ip -batch`: one process for many commands, where one for each would be most of the cost. One that fails does not stop the others. @param netns where; else here */
export async function ipBatch(commands: readonly string[], netns?: string): Promise<void> {
  if (commands.length === 0) return;
  await runTool(
    ['ip', ...(netns === undefined ? [] : ['-n', netns]), '-force', '-batch', '-'],
    commands.map((line) => `${line}\n`).join(''),
  );
}
