import { userInfo } from 'node:os';
import { parseDuration, type HostSpec } from '@autotest/core';
import { SshConfigError } from '../../errors.ts';
import { configFileOf, expandHome, homeOf, readConfig, type ConfigValues } from './config-file.ts';
import { knownHostKeys } from './known-hosts.ts';

/** One machine to log in to and everything that is needed for it: a host, or a jump host on the way. */
export interface SshTarget {
  /** The host that this is about, or is on the way to. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly auth: AuthSettings;
  /** OpenSSH format. Empty: none is known. */
  readonly hostKeys: readonly string[];
  /** Machines to go through, first to last. */
  readonly hops: readonly SshTarget[];
  /** Instead of hops: a program whose stdin and stdout are the connection. */
  readonly proxyCommand?: string;
  readonly connectTimeoutMs?: number;
  readonly keepaliveIntervalMs?: number;
  readonly keepaliveCountMax?: number;
  /** What was passed over in the files, for people. */
  readonly notes: readonly string[];
}

export interface AuthSettings {
  /** Key files, the host's own or those of ssh_config. Undefined: the usual ones. */
  readonly identityFiles?: readonly string[];
  readonly certificateFiles: readonly string[];
  /** Socket of an agent. */
  readonly agent?: string;
  /** Only keys of `identityFiles`, also of those that the agent holds. */
  readonly identitiesOnly: boolean;
}

/** A machine as people see it. */
export function whereOf({ user, address, port }: SshTarget): string {
  return `${user}@${address}:${port}`;
}

/** Attributes of a host by which it says how it is reached. */
export const jumpAttribute = 'jump';
export const jumpKeysAttribute = 'jump_keys';

const defaultPort = 22;
const defaultUser = 'root';
const maxHops = 8;

/**
 * How a host is reached: its row first where that says something of its own, then ssh_config, then the defaults.
 *
 * @throws SshConfigError
 */
export function resolveTarget(spec: HostSpec, env: NodeJS.ProcessEnv): SshTarget {
  const row = {
    address: spec.address,
    ...(spec.port !== defaultPort && { port: spec.port }),
    ...(spec.user !== defaultUser && { user: spec.user }),
    ...(spec.keyFile !== undefined && { keyFile: spec.keyFile }),
    hostKeys: spec.hostKeys,
  };
  const jumpKeys = (spec.attributes[jumpKeysAttribute] ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  return resolve(row, { host: spec.name, env, jump: spec.attributes[jumpAttribute], jumpKeys, depth: 0 });
}

interface Row {
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  readonly keyFile?: string;
  readonly hostKeys: readonly string[];
}

interface Context {
  readonly host: string;
  readonly env: NodeJS.ProcessEnv;
  /** Way to it that was said already; `none`: directly. */
  readonly jump: string | undefined;
  readonly jumpKeys: readonly string[];
  readonly depth: number;
}

function resolve(row: Row, context: Context): SshTarget {
  const { env } = context;
  const localUser = localUserOf(env);
  const config = readConfig(
    configFileOf(env),
    { host: row.address, localUser, ...(row.user !== undefined && { user: row.user }) },
    env,
  );
  const say = (name: string): string | undefined => config.values.get(name)?.[0];
  const address = (say('hostname') ?? row.address).replaceAll('%h', row.address).replaceAll('%%', '%');
  const port = row.port ?? portOf(say('port'));
  const user = row.user ?? say('user') ?? defaultUser;
  const expand = (path: string): string =>
    expandPath(path, { d: homeOf(env), h: address, n: row.address, p: String(port), r: user, u: localUser }, env);
  const jump = context.jump ?? say('proxyjump') ?? 'none';
  const proxyCommand = say('proxycommand');
  const timeout = secondsOf(say('connecttimeout'));
  const interval = secondsOf(say('serveraliveinterval'));
  const count = Number(say('serveralivecountmax'));
  return {
    host: context.host,
    address,
    port,
    user,
    auth: authOf(row, config, { env, expand }),
    hostKeys: row.hostKeys.length > 0 ? row.hostKeys : knownKeys(say('hostkeyalias') ?? address, port, config, expand),
    hops: jump.toLowerCase() === 'none' ? [] : hopsOf(jump, context),
    ...(proxyCommand !== undefined &&
      proxyCommand.toLowerCase() !== 'none' &&
      jump.toLowerCase() === 'none' && {
        proxyCommand: expandCommand(proxyCommand, { h: address, n: row.address, p: String(port), r: user }, context),
      }),
    ...(timeout && { connectTimeoutMs: timeout }),
    ...(interval && { keepaliveIntervalMs: interval }),
    ...(count > 0 && { keepaliveCountMax: count }),
    notes: config.notes,
  };
}

/** `user@gate:22,gate2`: each may be an alias of ssh_config; only the first may itself be behind others. */
function hopsOf(jump: string, context: Context): SshTarget[] {
  const texts = jump.split(',').map((text) => text.trim());
  if (context.depth + texts.length > maxHops)
    throw new SshConfigError(`ProxyJump ${jump}`, `the way to ${context.host} has more than ${maxHops} jump hosts`);
  return texts.flatMap((text, index) => {
    const hop = resolve(
      { ...parseHop(text), hostKeys: context.jumpKeys },
      { ...context, jump: index === 0 ? undefined : 'none', depth: context.depth + texts.length },
    );
    return [...hop.hops, { ...hop, hops: [] }];
  });
}

function parseHop(text: string): { address: string; user?: string; port?: number } {
  const match =
    /^(?:ssh:\/\/)?(?:([^@\s/]+)@)?(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]@/-][^:\s[\]@/]*))(?::(\d{1,5}))?$/.exec(text);
  const address = match?.[2] ?? match?.[3];
  if (!address) throw new SshConfigError(`jump host ${JSON.stringify(text)}`, 'it is not of the form user@host:port');
  const port = match?.[4] === undefined ? undefined : portOf(match[4]);
  return { address, ...(match?.[1] && { user: match[1] }), ...(port && { port }) };
}

function authOf(
  row: Row,
  config: ConfigValues,
  { env, expand }: { env: NodeJS.ProcessEnv; expand: (path: string) => string },
): AuthSettings {
  const files = row.keyFile === undefined ? config.values.get('identityfile')?.map(expand) : [row.keyFile];
  const named = config.values.get('identityagent')?.[0];
  const agent =
    named === undefined || named === 'SSH_AUTH_SOCK' ? env.SSH_AUTH_SOCK : named === 'none' ? '' : expand(named);
  return {
    ...(files && { identityFiles: files }),
    certificateFiles: (config.values.get('certificatefile') ?? []).map(expand),
    ...(agent && { agent }),
    identitiesOnly: row.keyFile !== undefined || config.values.get('identitiesonly')?.[0]?.toLowerCase() === 'yes',
  };
}

function knownKeys(name: string, port: number, config: ConfigValues, expand: (path: string) => string): string[] {
  const files = config.values.get('userknownhostsfile') ?? ['~/.ssh/known_hosts'];
  const alias = config.values.has('hostkeyalias');
  return files.flatMap((file) => knownHostKeys(name, alias ? defaultPort : port, expand(file)));
}

function expandPath(path: string, tokens: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): string {
  const home = expandHome(path, env).replaceAll(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? '');
  return home.replaceAll(/%(.)/g, (whole, token: string) => (token === '%' ? '%' : (tokens[token] ?? whole)));
}

/** The names come from rows that others may write: nothing in them may mean anything to a shell. */
function expandCommand(command: string, tokens: Readonly<Record<string, string>>, { host }: Context): string {
  return command.replaceAll(/%(.)/g, (whole, token: string) => {
    if (token === '%') return '%';
    const value = tokens[token];
    if (value === undefined) return whole;
    if (/^[A-Za-z0-9_.:][A-Za-z0-9_.:@-]*$/.test(value)) return value;
    throw new SshConfigError(
      'ProxyCommand',
      `${JSON.stringify(value)} of host ${host} holds characters that must not reach a shell`,
    );
  });
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? defaultPort);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new SshConfigError(`Port ${text ?? ''}`, 'it is no port');
}

/** `10`, `1m`. */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+[smhd]?$/i.test(text)) return undefined;
  return parseDuration(/\d$/.test(text) ? `${Number(text)} s` : text.toLowerCase());
}

function localUserOf(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? '';
  }
}
