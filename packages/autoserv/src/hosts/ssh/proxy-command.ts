import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';

/**
 * The connection that a ProxyCommand of ssh_config makes: its stdin and stdout. It is a shell command of whoever owns the file, run as this process's user; names of hosts
 * were checked before they got into it.
 *
 * @param onEnd gets the last of what it said on stderr
 */
export function openProxyCommand(command: string, env: NodeJS.ProcessEnv, onEnd: (said: string) => void): Duplex {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-500);
  });
  // A pair that closes as one, as a socket does.
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.stdin.on('error', () => {});
  child.once('error', (error) => {
    onEnd(error.message);
    stream.destroy();
  });
  child.once('close', () => {
    onEnd(said.trim());
    stream.destroy();
  });
  stream.on('error', () => {});
  stream.once('close', () => {
    try {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It is gone.
    }
  });
  return stream;
}
