import { connect } from 'node:net';
import { RefusedError } from '../errors.ts';
import { note } from '../output/print.ts';
import { listHosts } from './ask.ts';

/** Ctrl-], as in telnet. */
const escapeByte = 0x1d;

/** Connects this terminal to the console of a host, until Ctrl-], the end of the input or of the lab. @throws RefusedError */
export async function openConsole(dir: string, name: string): Promise<void> {
  const host = (await listHosts(dir)).find((one) => one.name === name);
  const path = host?.attributes.console?.replace(/^unix:\/\//, '');
  if (path === undefined)
    throw new RefusedError('AT_NOT_FOUND', `There is no host ${name} with a console; see \`autotest lab list\`.`);
  if (process.stdin.isTTY) note(`Console of ${name}; Ctrl-] ends it.`);
  const socket = connect(path);
  const { stdin, stdout } = process;
  if (stdin.isTTY) stdin.setRawMode(true);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('data', (chunk) => stdout.write(chunk));
      socket.once('close', () => resolve());
      socket.once('error', reject);
      stdin.on('data', (chunk: Buffer) => {
        if (chunk.includes(escapeByte)) resolve();
        else socket.write(chunk);
      });
      // What is typed by a script gets a moment to be answered.
      stdin.once('end', () => setTimeout(resolve, 1000));
    });
  } finally {
    socket.destroy();
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
  }
}
