import { connect as netConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { throughJumpHosts } from './jump-pool.ts';
import { openProxyCommand } from './proxy-command.ts';
import type { Login, LoginOptions } from './login.ts';
import type { SshTarget } from './target.ts';

/** A byte stream to the machine's SSH port, and what is known of its end apart from the stream's own error. */
export interface Route {
  readonly stream: Duplex;
  said(): string;
}

/**
 * Opens the way to a machine: directly, by a ProxyCommand, or through its jump hosts. A direct stream may still be connecting.
 *
 * @throws JumpHostError
 */
export async function openRoute(target: SshTarget, options: LoginOptions, login: Login): Promise<Route> {
  if (target.hops.length > 0) return { stream: await throughJumpHosts(target, options, login), said: () => '' };
  if (target.proxyCommand !== undefined) {
    let said = '';
    const stream = openProxyCommand(target.proxyCommand, options.env, (text) => {
      said = text;
    });
    return { stream, said: () => said };
  }
  const stream = netConnect({ host: target.address, port: target.port, noDelay: true });
  return { stream, said: () => '' };
}
