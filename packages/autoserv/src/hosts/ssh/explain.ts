import { HostAuthError, HostKeyMismatchError, HostUnreachableError, JumpHostError } from '../../errors.ts';
import { fingerprint } from './host-keys.ts';
import { whereOf, type SshTarget } from './target.ts';

const remedies: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  ECONNREFUSED: ['the connection was refused', 'Start sshd there, or correct the port.'],
  ETIMEDOUT: ['no answer in time', 'Look at its power, network and firewall.'],
  EHOSTUNREACH: ['no route to it', 'Look at its power and network.'],
  ENETUNREACH: ['no route to its network', 'Look at the network of this machine.'],
  ENOTFOUND: ['its name is unknown', 'Correct the address or the name service.'],
  EAI_AGAIN: ['the name service does not answer', 'Look at the name service of this machine.'],
  ECONNRESET: ['the connection was reset', 'Look at sshd and its MaxStartups on the host.'],
};

/** True where a server turned a connection away before any login, as one does that has too many at once or is just starting: worth another try. */
export function isPassing(error: unknown, said: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ECONNRESET' || code === 'EPIPE') return true;
  if (/^(Exceeded MaxStartups|Not allowed at this time)/.test(said)) return true;
  return message?.startsWith('Connection lost before handshake') === true && said === '';
}

/** Any failure of a login in the project's words. */
export function explainFailure(
  target: SshTarget,
  error: unknown,
  about: { readonly tried: readonly string[]; readonly pins: readonly Buffer[]; readonly said: string },
): Error {
  if (error instanceof HostUnreachableError || error instanceof JumpHostError || error instanceof HostKeyMismatchError)
    return error;
  const { level, code, message, name } = error as { level?: string; code?: string; message: string; name?: string };
  const { host, user } = target;
  if (level === 'client-authentication') return new HostAuthError(host, user, about.tried, error);
  if (/no matching host key format/i.test(message)) {
    if (about.pins.length > 0) return new HostKeyMismatchError(host, about.pins.map(fingerprint), 'of another type');
    return unreachable(
      target,
      'it offers no host key of a type that Autotest can check',
      'Give it a plain key (ed25519, ECDSA or RSA): host certificates alone are not enough.',
      error,
    );
  }
  const known = code === undefined ? undefined : remedies[code];
  const said = printable(about.said);
  const told = said === '' || said.startsWith('SSH-') ? '' : `; it said ${JSON.stringify(said)}`;
  if (about.said.startsWith('Exceeded MaxStartups'))
    return unreachable(target, 'it takes no more logins at once', 'Raise MaxStartups in its sshd_config.', error);
  if (known) return unreachable(target, known[0] + told, known[1], error);
  if (level === 'client-timeout' || code === 'ABORT_ERR' || name === 'TimeoutError' || name === 'AbortError')
    return unreachable(target, `no answer in time${told}`, 'Look at its power, network and firewall.', error);
  return unreachable(target, `${printable(message)}${told}`, 'Try to log in by hand with ssh.', error);
}

function unreachable(target: SshTarget, why: string, remedy: string, cause: unknown): HostUnreachableError {
  const way = target.hops.map(whereOf).join(', ');
  const where = way === '' ? whereOf(target) : `${whereOf(target)} through ${way}`;
  return new HostUnreachableError(target.host, where, why, remedy, cause);
}

/** What a stranger sent, for a message. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
