import type { ServerChannel, Session } from 'ssh2';
import { sendEndlessly } from './endless.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** A command's two ends: what it prints goes to the channel, its exit code is what it resolves to. The signal ends it. */
export type RunCommand = (
  host: SimulatedHost,
  command: string,
  channel: ServerChannel,
  signal: AbortSignal,
) => Promise<number>;

/** Serves the commands of one session. @param drop breaks the connection */
export function serveSession(session: Session, host: SimulatedHost, run: RunCommand, drop: () => void): void {
  session.on('env', (accept) => {
    accept?.();
  });
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    const gone = new AbortController();
    channel.on('close', () => gone.abort());
    channel.on('error', () => gone.abort());
    if (host.behaviour === 'endlessOutput') {
      sendEndlessly(channel, 'and on and on it goes\n');
      return;
    }
    if (host.behaviour === 'dropsMidCommand') {
      channel.write('the first line of many\n', () => drop());
      return;
    }
    setTimeout(() => {
      run(host, command, channel, gone.signal).then(
        (exitCode) => {
          channel.exit(exitCode);
          channel.end();
        },
        () => channel.destroy(),
      );
    }, host.delayMs);
  });
}
