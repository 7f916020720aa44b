import { DriverUrlError } from './errors.ts';

const longestUrl = 2000;

/** One URL of an attribute, read part by part; every reader throws DriverUrlError for what it does not allow. */
export class UrlReader {
  readonly scheme: string;
  readonly #url: URL;
  readonly #attribute: 'power' | 'console';
  readonly #host: string | undefined;
  readonly #taken = new Set<string>();

  constructor(attribute: 'power' | 'console', text: string, host?: string) {
    this.#attribute = attribute;
    this.#host = host;
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (text.length > longestUrl || /[\u0000-\u0020\u007f]/.test(text))
      this.fail('it is too long, or holds blanks or control characters');
    let url: URL | undefined;
    try {
      url = new URL(text);
    } catch {
      // Said below.
    }
    this.#url = url ?? this.fail(`${JSON.stringify(text.slice(0, 100))} is no URL`);
    this.scheme = this.#url.protocol.slice(0, -1);
    if (this.#url.password !== '') this.fail('it holds a password; put that into a file and name it (password-file=…)');
    if (this.#url.hash !== '') this.fail('it has a part behind #; write %23 for the character');
  }

  fail(why: string): never {
    throw new DriverUrlError(this.#attribute, why, this.#host);
  }

  /** Name or address of the peer, an IPv6 one without its brackets. */
  address(): string {
    const name = this.#decoded(this.#url.hostname).replace(/^\[(.*)\]$/, '$1');
    // What begins with a dash would be an option of the programs that get it.
    if (!/^[A-Za-z0-9_:][A-Za-z0-9_.:%-]*$/.test(name)) this.fail('it names no host behind //');
    return name;
  }

  port(otherwise?: number): number {
    const port = this.#url.port === '' ? otherwise : Number(this.#url.port);
    if (port === undefined || port < 1) this.fail('it names no port');
    return port;
  }

  /** @param otherwise where the URL has none */
  user(otherwise?: string): string {
    const user = this.#decoded(this.#url.username) || otherwise;
    if (user === undefined) this.fail('it names no user (user@…)');
    if (user.startsWith('-')) this.fail('the user begins with a dash');
    return user;
  }

  /** Path behind the host, decoded; `/…` or ''. */
  path(): string {
    return this.#decoded(this.#url.pathname);
  }

  /** Absolute path of a file or socket on the machine that drives the host. */
  file(): string {
    const path = this.path();
    if (this.#url.hostname !== '' || path.length < 2 || !path.startsWith('/'))
      this.fail(`it names no absolute path (${this.scheme}:///run/…)`);
    return path;
  }

  option(name: string): string | undefined {
    this.#taken.add(name);
    const values = this.#url.searchParams.getAll(name);
    if (values.length > 1) this.fail(`it has ${name} more than once`);
    return values[0];
  }

  choice<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const value = this.option(name) ?? otherwise;
    return allowed.find((one) => one === value) ?? this.fail(`${name} is to be ${allowed.join(' or ')}`);
  }

  /** `insecure`, `insecure=true`: true. */
  flag(name: string): boolean {
    const value = this.option(name);
    if (value !== undefined && !['', 'true', 'false'].includes(value)) this.fail(`${name} is to be true or false`);
    return value === '' || value === 'true';
  }

  /** All options, for a program of the lab that knows them. */
  options(): Readonly<Record<string, string>> {
    const entries = [...this.#url.searchParams];
    if (entries.some(([name]) => !/^[A-Za-z][A-Za-z0-9_-]{0,60}$/.test(name)))
      this.fail('names of options are letters, digits, - and _');
    for (const [name] of entries) this.#taken.add(name);
    return Object.fromEntries(entries);
  }

  /** What is left over is a mistake that nobody would find otherwise. */
  done(): void {
    const unknown = [...this.#url.searchParams.keys()].find((name) => !this.#taken.has(name));
    if (unknown !== undefined) this.fail(`${this.scheme} has no option ${JSON.stringify(unknown.slice(0, 60))}`);
  }

  #decoded(text: string): string {
    let decoded: string;
    try {
      decoded = decodeURIComponent(text);
    } catch {
      this.fail('it holds a % that is no escape');
    }
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(decoded)) this.fail('it holds control characters');
    return decoded;
  }
}

/** Reads `command:<name>?…`: a program of the lab's own directory, by its plain name, never a path or a line. */
export function readProgram(url: UrlReader): { name: string; options: Readonly<Record<string, string>> } {
  const name = url.path();
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}$/.test(name))
    url.fail('behind command: stands the plain name of a program in the directory of drivers');
  return { name, options: url.options() };
}
