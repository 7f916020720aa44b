import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A host for tests: a real OpenSSH server on an address of its own. */
export interface SshdHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key that is let in. */
  readonly keyFile: string;
  /** Public host key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** HOME of those who log in; empty at the start, so nobody's .bashrc runs. */
  readonly home: string;
  /** Output of sshd so far. */
  log(): string;
  /** Stops listening and kills all sessions, as a host that loses power. */
  stop(): Promise<void>;
  /** Starts again after `stop`, at the same address. @param newKey with another host key, as after a reinstallation */
  start(options?: { newKey?: boolean }): Promise<void>;
  /** Holds sshd and its sessions (SIGSTOP), as a host that hangs. */
  pause(): void;
  resume(): void;
  /** With `bootable`: a shell command, for the host, that reboots it. */
  readonly rebootCommand: string;
  /** With `bootable`: everything on the host dies at once, then it comes up with another boot id. @param downMs how long it is away. @default 500 */
  reboot(downMs?: number): Promise<void>;
  /** Kills the sessions that are open; the server goes on listening. */
  killSessions(): void;
}

export interface Sshd {
  readonly hosts: readonly SshdHost[];
  /** Ends all servers and deletes their files. */
  close(): Promise<void>;
}

const program = '/usr/sbin/sshd';

/** True where an OpenSSH server is installed. */
export function hasSshd(): boolean {
  return existsSync(program);
}

/** True where hosts that can reboot are possible: they need namespaces of their own, and root to make them. */
export function canBoot(): boolean {
  if (!hasSshd() || userInfo().uid !== 0) return false;
  return spawnSync('unshare', [...namespaces, 'true'], { stdio: 'ignore' }).status === 0;
}

const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Starts OpenSSH servers on addresses of 127.0.0.0/8, each with keys, HOME and port of its own. Needs no root, and works as root. */
export async function startSshd(options: {
  readonly hosts: number;
  /** Each host has processes and a boot id of its own, so it can reboot and lose power (see `canBoot`). @default false */
  readonly bootable?: boolean;
  /** Lines of sshd_config for all of them, before the usual ones: the first value counts. */
  readonly config?: readonly string[];
}): Promise<Sshd> {
  const directory = mkdtempSync(join(tmpdir(), 'autotest-sshd-'));
  // Privilege separation of an sshd that root runs wants this directory.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const hosts: TestSshd[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(hosts.map((host) => host.end()));
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  try {
    for (let index = 0; index < options.hosts; index++) {
      const host = new TestSshd(directory, index, await freePort(addressOf(index)), options);
      hosts.push(host);
      await host.start();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { hosts, close };
}

function addressOf(index: number): string {
  return `127.0.${Math.floor(index / 250) + 1}.${(index % 250) + 1}`;
}

class TestSshd implements SshdHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user = userInfo().username;
  readonly keyFile: string;
  readonly home: string;
  readonly #directory: string;
  readonly #bootable: boolean;
  readonly #lines: readonly string[];
  #child: ChildProcess | undefined;
  #requests: NodeJS.Timeout | undefined;

  constructor(
    root: string,
    index: number,
    port: number,
    { bootable = false, config = [] }: { bootable?: boolean; config?: readonly string[] },
  ) {
    this.#bootable = bootable;
    this.#lines = config;
    this.name = `test-host-${index + 1}`;
    this.address = addressOf(index);
    this.port = port;
    this.#directory = join(root, `host-${index + 1}`);
    this.home = join(this.#directory, 'home');
    mkdirSync(this.home, { recursive: true });
    this.keyFile = join(this.#directory, 'user_key');
    makeKey(this.keyFile);
    makeKey(join(this.#directory, 'host_key'));
    writeFileSync(join(this.#directory, 'authorized_keys'), readFileSync(`${this.keyFile}.pub`));
    chmodSync(this.#directory, 0o755);
    writeFileSync(join(this.#directory, 'sshd_config'), this.#config());
    if (bootable) this.#requests = setInterval(() => this.#rebootIfAsked(), 50);
  }

  get rebootCommand(): string {
    return `touch '${join(this.#directory, 'reboot-request')}'`;
  }

  async reboot(downMs = 500): Promise<void> {
    await this.stop();
    await delay(downMs);
    await this.start();
  }

  /** For good. */
  async end(): Promise<void> {
    clearInterval(this.#requests);
    await this.stop();
  }

  get hostKey(): string {
    return readFileSync(join(this.#directory, 'host_key.pub'), 'utf8').trim().split(' ').slice(0, 2).join(' ');
  }

  log(): string {
    return readFileSync(join(this.#directory, 'sshd.log'), 'utf8');
  }

  async start(options: { newKey?: boolean } = {}): Promise<void> {
    if (options.newKey) {
      rmSync(join(this.#directory, 'host_key'));
      rmSync(join(this.#directory, 'host_key.pub'));
      makeKey(join(this.#directory, 'host_key'));
    }
    const child = this.#spawn();
    this.#child = child;
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) throw new Error(`sshd ended with exit code ${child.exitCode}: ${this.log()}`);
      if (await answers(this.address, this.port)) return;
      await delay(25);
    }
    throw new Error(`sshd does not listen on ${this.address}:${this.port}: ${this.log()}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const sessions = descendants(child.pid);
    child.kill('SIGKILL');
    for (const pid of sessions) signal(pid, 'SIGKILL');
    await ended;
  }

  pause(): void {
    for (const pid of this.#all()) signal(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.#all()) signal(pid, 'SIGCONT');
  }

  killSessions(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    // Only sshd's own processes: what runs in the sessions is on its own, as it is when a connection breaks.
    for (const session of descendants(pid)) if (commandOf(session).startsWith('sshd')) signal(session, 'SIGKILL');
  }

  #spawn(): ChildProcess {
    const files = ['-f', join(this.#directory, 'sshd_config'), '-E', join(this.#directory, 'sshd.log')];
    if (!this.#bootable) return spawn(program, ['-D', ...files], { stdio: 'ignore' });
    const bootId = join(this.#directory, 'boot_id');
    writeFileSync(bootId, `${randomUUID()}\n`);
    const script = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"';
    return spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', bootId, program, '-D', ...files], {
      stdio: 'ignore',
    });
  }

  #rebootIfAsked(): void {
    const request = join(this.#directory, 'reboot-request');
    if (!existsSync(request)) return;
    rmSync(request);
    this.reboot().catch(() => {});
  }

  #all(): number[] {
    const pid = this.#child?.pid;
    return pid === undefined ? [] : [pid, ...descendants(pid)];
  }

  #config(): string {
    const file = (name: string): string => join(this.#directory, name);
    return `${this.#lines.map((line) => `${line}\n`).join('')}ListenAddress ${this.address}
Port ${this.port}
HostKey ${file('host_key')}
AuthorizedKeysFile ${file('authorized_keys')}
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
StrictModes no
PermitRootLogin yes
PrintMotd no
MaxStartups 1000
SetEnv HOME=${this.home}
LogLevel ERROR
`;
  }
}

function makeKey(file: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'autotest', '-f', file]);
}

/** All processes below one, by the parents in /proc. */
function descendants(root: number): number[] {
  const found: number[] = [];
  for (const queue = [root]; queue.length > 0;) {
    const pid = queue.pop();
    for (const child of childrenOf(pid ?? 0)) {
      found.push(child);
      queue.push(child);
    }
  }
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}
