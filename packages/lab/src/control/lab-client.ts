import { connect } from 'node:net';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { controlSocket, type LabAnswer, type LabRequest } from './messages.ts';

const timeoutMs = 120_000;

/**
 * Asks the lab that runs in a directory.
 *
 * @returns what the lab says: of `list` the hosts (`HostFacts[]`), of `power` `{ powered }`, else null
 * @throws LabError when no lab runs there, it refuses, or it does not answer within two minutes
 */
export function askLab(dir: string, request: LabRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(dir, controlSocket));
    let text = '';
    const fail = (error: LabError): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () =>
      fail(new LabError(`The lab in ${dir} does not answer. See what its process does.`)),
    );
    socket.on('error', (cause) =>
      fail(new LabError(`No lab runs in ${dir}. Start one with \`autotest lab up\`, or give its --dir.`, { cause })),
    );
    socket.on('end', () => fail(new LabError(`The lab in ${dir} ended.`)));
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (!text.endsWith('\n')) return;
      socket.destroy();
      const answer = JSON.parse(text) as LabAnswer;
      if (answer.ok) resolve(answer.result);
      else reject(new LabError(answer.message));
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
