/**
 * What `ipmi_sim` calls as its chassis_control program: `get NAME…` and `set NAME VALUE…`. Carries the words to the BMC's process over its socket and
 * prints what comes back.
 *
 * Usage: node chassis-control SOCKET WORDS…
 */
import { connect } from 'node:net';

const timeoutMs = 20_000;
const [socketPath = '', ...words] = process.argv.slice(2);
const socket = connect(socketPath);
socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
socket.on('error', () => (process.exitCode = 1));
socket.end(`${words.join(' ')}\n`);
socket.pipe(process.stdout);
