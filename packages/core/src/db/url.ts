import { isAbsolute, resolve } from 'node:path';
import { DatabaseUrlError } from './errors.ts';

/** Where a database is, understood. */
export type DatabaseAddress =
  | { readonly kind: 'sqlite'; readonly file: string }
  | {
      readonly kind: 'server';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password?: string;
      readonly database: string;
      /** Unix socket, instead of host and port. */
      readonly socketPath?: string;
      readonly tls: boolean;
    };

/** For SQLite: a database of this process only, gone when it is closed. */
export const memoryFile = ':memory:';

/**
 * Understands `sqlite:<file>`, `sqlite::memory:` and `mysql://user:password@host:port/database` (or `mariadb://`), with `?socketPath=` and `?tls=true`.
 *
 * @throws DatabaseUrlError
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  if (url.startsWith('sqlite:')) return sqliteAddress(url.slice('sqlite:'.length));
  if (/^(mysql|mariadb):\/\//.test(url)) return serverAddress(url);
  // The URL itself is not repeated: it may hold a password.
  throw new DatabaseUrlError('has no scheme that is known');
}

/** How messages name a database: never with its password. */
export function describeAddress(address: DatabaseAddress): string {
  if (address.kind === 'sqlite') return address.file;
  return `${address.socketPath ?? `${address.host}:${address.port}`}/${address.database}`;
}

function sqliteAddress(rest: string): DatabaseAddress {
  const file = rest.startsWith('///') ? rest.slice(2) : rest;
  if (file === '') throw new DatabaseUrlError('names no file');
  if (file.startsWith('//')) throw new DatabaseUrlError('names a host, but SQLite is a file');
  if (file === memoryFile || isAbsolute(file)) return { kind: 'sqlite', file };
  return { kind: 'sqlite', file: resolve(file) };
}

function serverAddress(url: string): DatabaseAddress {
  if (!URL.canParse(url)) throw new DatabaseUrlError('is not a valid URL');
  const parsed = new URL(url);
  const database = decode(parsed.pathname.slice(1));
  if (database === '' || database.includes('/')) throw new DatabaseUrlError('must name one database after the host');
  const socketPath = parsed.searchParams.get('socketPath') ?? undefined;
  return {
    kind: 'server',
    host: parsed.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decode(parsed.username) || 'root',
    ...(parsed.password !== '' && { password: decode(parsed.password) }),
    database,
    ...(socketPath !== undefined && { socketPath }),
    tls: parsed.searchParams.get('tls') === 'true',
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError('has a bad % escape');
  }
}
