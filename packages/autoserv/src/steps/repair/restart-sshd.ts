import { randomUUID } from 'node:crypto';
import { consoleOf } from '../../console/console-of.ts';
import { HostUnfitError } from '../../errors.ts';
import { isOutOfReach, type RepairRung } from './rung.ts';

const answerMs = 20_000;
const comeBackMs = 30_000;

/** Types at the host's console, where a root shell must listen. The marker comes back only from a shell that ran the line: the echo of what was typed holds it in two pieces. */
export const restartSshd: RepairRung = {
  name: 'restart sshd over console',
  reach: 'software',
  cannotHelp: (problem, { context, spec }) => {
    if (!isOutOfReach(problem)) return 'the host answers';
    return consoleOf(context, spec.name) ? undefined : 'the host has no console';
  },
  run: async ({ connection, context, spec, log }) => {
    const console = consoleOf(context, spec.name);
    if (!console) return { outcome: 'skip', reason: 'the host has no console' };
    const marker = randomUUID().slice(0, 8);
    const command = `(systemctl restart ssh || systemctl restart sshd || service ssh restart || { pkill -x sshd; mkdir -p /run/sshd; /usr/sbin/sshd; }) >/dev/null 2>&1; echo at''-${marker}`;
    log.line(`typed at the console: ${command}`);
    const { signal } = context.stopper;
    const answer = console.waitFor(new RegExp(`at-${marker}`), { timeoutMs: answerMs, signal });
    answer.catch(() => {});
    await console.send(`\n${command}\n`, { signal });
    await answer.catch((error: unknown) => {
      throw new HostUnfitError(spec.name, 'no shell answers at its console', 'Look at its console.', { cause: error });
    });
    await connection.connect({ withinMs: comeBackMs, signal });
    return { outcome: 'pass' };
  },
};
