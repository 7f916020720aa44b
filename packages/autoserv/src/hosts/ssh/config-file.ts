import { globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import sshConfig, { glob, type Directive, type Line, type Match, type Section } from 'ssh-config';
import { SshConfigError } from '../../errors.ts';

/** What ssh_config says about one host: names in lower case, the first value of each, all of those that add up. */
export interface ConfigValues {
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** What stands in the files and was passed over, for people. */
  readonly notes: readonly string[];
}

export interface ConfigQuery {
  /** As a person would give it to `ssh`. */
  readonly host: string;
  /** Where it is known without the file. */
  readonly user?: string;
  readonly localUser: string;
}

/** These add up; of the others the first value counts. */
const additive = new Set(['identityfile', 'certificatefile']);
const maxDepth = 16;

/** The file of the environment, or the user's. `none` is none. */
export function configFileOf(env: NodeJS.ProcessEnv): string | undefined {
  const named = env.AUTOTEST_SSH_CONFIG;
  if (named === 'none') return undefined;
  return named || join(homeOf(env), '.ssh', 'config');
}

export function homeOf(env: NodeJS.ProcessEnv): string {
  return env.HOME ?? homedir();
}

/**
 * Reads an ssh_config file as `ssh` does: top to bottom, Include where it stands, Host and Match. `Match exec` is never run and does not match; nor do `Match` conditions
 * that are not known here.
 *
 * @throws SshConfigError where a file is there but cannot be read
 */
export function readConfig(file: string | undefined, query: ConfigQuery, env: NodeJS.ProcessEnv): ConfigValues {
  const reading = new Reading(query, env);
  if (file !== undefined) {
    reading.file(file, { mustExist: env.AUTOTEST_SSH_CONFIG !== undefined, depth: 0 });
    if (reading.wantsFinal) {
      reading.isFinal = true;
      reading.file(file, { mustExist: false, depth: 0 });
    }
  }
  return { values: reading.values, notes: [...reading.notes] };
}

class Reading {
  readonly values = new Map<string, string[]>();
  readonly notes = new Set<string>();
  wantsFinal = false;
  isFinal = false;
  readonly #query: ConfigQuery;
  readonly #env: NodeJS.ProcessEnv;

  constructor(query: ConfigQuery, env: NodeJS.ProcessEnv) {
    this.#query = query;
    this.#env = env;
  }

  file(path: string, { mustExist, depth }: { mustExist: boolean; depth: number }): void {
    if (depth > maxDepth) throw new SshConfigError(path, 'files include each other without end');
    const text = readText(path, mustExist);
    if (text !== undefined) this.#lines(parse(path, text), { path, depth });
  }

  #lines(lines: Iterable<Line>, at: { path: string; depth: number }): void {
    for (const line of lines) {
      // Values of LineType, which is no value in the package's types: only directives have a name.
      if (!('param' in line)) continue;
      const name = line.param.toLowerCase();
      if ('config' in line) {
        if (this.#matches(name, line, at.path)) this.#lines(line.config, at);
      } else if (name === 'include') {
        for (const pattern of wordsOf(line)) this.#include(pattern, at);
      } else this.#set(name, line);
    }
  }

  #include(pattern: string, at: { path: string; depth: number }): void {
    const path = expandHome(pattern, this.#env);
    const absolute = isAbsolute(path) ? path : join(dirname(at.path), path);
    for (const file of globSync(absolute).toSorted()) this.file(file, { mustExist: true, depth: at.depth + 1 });
  }

  #set(name: string, line: Directive): void {
    const words = wordsOf(line);
    if (words.length === 0) return;
    const known = this.values.get(name);
    if (additive.has(name)) {
      if (words.some((word) => !known?.includes(word))) this.values.set(name, [...(known ?? []), ...words]);
    } else if (!known) this.values.set(name, name === 'proxycommand' ? [commandOf(line)] : words);
  }

  #matches(name: string, line: Section | Match, path: string): boolean {
    if (name === 'host') return matchesList(wordsOf(line), this.#query.host);
    if (!('criteria' in line)) return false;
    return Object.entries(line.criteria).every(([key, value]) => {
      const patterns = typeof value === 'string' ? [value] : value.map(({ val }) => val);
      return this.#meets(
        key.toLowerCase(),
        patterns.flatMap((pattern) => pattern.split(',')),
        path,
      );
    });
  }

  #meets(key: string, patterns: readonly string[], path: string): boolean {
    const negated = key.startsWith('!');
    const value = this.#criterion(negated ? key.slice(1) : key, patterns);
    if (value === undefined) this.notes.add(`${path}: "Match ${key}" is not supported, so the block is passed over`);
    return value !== undefined && value !== negated;
  }

  #criterion(key: string, patterns: readonly string[]): boolean | undefined {
    const { host, user, localUser } = this.#query;
    switch (key) {
      case 'all':
        return true;
      case 'final':
      case 'canonical':
        this.wantsFinal ||= key === 'final';
        return key === 'final' && this.isFinal;
      case 'host':
        return matchesList(patterns, this.values.get('hostname')?.[0] ?? host);
      case 'originalhost':
        return matchesList(patterns, host);
      case 'user':
        return matchesList(patterns, user ?? this.values.get('user')?.[0] ?? localUser);
      case 'localuser':
        return matchesList(patterns, localUser);
      default:
        return undefined;
    }
  }
}

/** `~` and `~/…` as the user's directory. */
export function expandHome(path: string, env: NodeJS.ProcessEnv): string {
  return path === '~' || path.startsWith('~/') ? join(homeOf(env), path.slice(1)) : path;
}

function matchesList(patterns: readonly string[], text: string): boolean {
  return glob([...patterns], text);
}

function wordsOf(line: Directive): string[] {
  if (typeof line.value === 'string') return line.value === '' ? [] : [line.value];
  return line.value.map(({ val }) => val);
}

function commandOf(line: Directive): string {
  if (typeof line.value === 'string') return line.value;
  return line.value
    .map(({ val, separator, quoted }) => `${separator}${quoted ? `"${val.replaceAll('"', String.raw`\"`)}"` : val}`)
    .join('')
    .trim();
}

function readText(path: string, mustExist: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !mustExist) return undefined;
    throw new SshConfigError(path, `it cannot be read (${code ?? 'unknown'})`, error);
  }
}

function parse(path: string, text: string): Line[] {
  try {
    return sshConfig.parse(text);
  } catch (error) {
    throw new SshConfigError(path, error instanceof Error ? error.message : String(error), error);
  }
}
