import { readProgram, UrlReader } from './url-reader.ts';

/** Where the console of a host is: its attribute `console`, read. Files are of the machine that drives the host. */
export type ConsoleTarget =
  | {
      readonly kind: 'ipmi-sol';
      readonly address: string;
      readonly port: number;
      readonly user: string;
      readonly passwordFile: string;
      readonly cipher: number;
    }
  | { readonly kind: 'tcp' | 'telnet'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'ssh';
      readonly address: string;
      readonly port: number;
      readonly user: string;
      /** Line for the shell of the console server. */
      readonly command: string;
      readonly keyFile?: string;
      /** Key that the console server must show, OpenSSH format. */
      readonly hostKey?: string;
    }
  | { readonly kind: 'command'; readonly name: string; readonly options: Readonly<Record<string, string>> };

/** Reads the attribute `console` of a host. @param host named in the error @throws DriverUrlError */
export function parseConsoleUrl(text: string, host?: string): ConsoleTarget {
  const url = new UrlReader('console', text, host);
  const read = Object.hasOwn(readers, url.scheme) ? readers[url.scheme] : undefined;
  if (!read) return url.fail(`nothing is known of ${url.scheme}:; there are ${Object.keys(readers).join(':, ')}:`);
  const target = read(url);
  url.done();
  return target;
}

const readers: Readonly<Record<string, (url: UrlReader) => ConsoleTarget>> = {
  'ipmi-sol': (url) => ({
    kind: 'ipmi-sol',
    address: url.address(),
    port: url.port(623),
    user: url.user(),
    passwordFile: url.option('password-file') ?? url.fail('it has no password-file'),
    cipher: Number(url.choice('cipher', ['0', '1', '2', '3', '6', '7', '8', '11', '12', '15', '16', '17'], '3')),
  }),
  tcp: (url) => ({ kind: 'tcp', address: url.address(), port: url.port() }),
  telnet: (url) => ({ kind: 'telnet', address: url.address(), port: url.port(23) }),
  unix: (url) => ({ kind: 'unix', path: url.file() }),
  ssh: (url) => {
    const keyFile = url.option('key-file');
    const hostKey = url.option('host-key');
    return {
      kind: 'ssh',
      address: url.address(),
      port: url.port(22),
      user: url.user('root'),
      command: url.option('command') ?? url.fail('it has no command to run there (command=console+h1)'),
      ...(keyFile !== undefined && { keyFile }),
      ...(hostKey !== undefined && { hostKey }),
    };
  },
  command: (url) => ({ kind: 'command', ...readProgram(url) }),
};
