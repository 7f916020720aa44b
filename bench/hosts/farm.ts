import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostSpec } from '@autotest/core';

/** One sshd that is many hosts: it listens on every address of 127.0.0.0/8, and logs nobody's .bashrc in. */
export interface Farm {
  readonly directory: string;
  readonly port: number;
  /** For `ssh -F`: the key exchange as it comes, or curve25519 alone, which is what ssh2 uses. */
  readonly stock: string;
  readonly tuned: string;
  addresses(count: number): string[];
  /** A file with one host a line, as the tools that reach many hosts read it. */
  list(count: number, form?: (address: string) => string): string;
  specs(count: number): HostSpec[];
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

export async function startFarm(): Promise<Farm> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-hosts-'));
  const file = (name: string): string => join(directory, name);
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  mkdirSync(file('home'));
  for (const name of ['host_key', 'user_key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
  copyFileSync(file('user_key.pub'), file('authorized_keys'));
  const port = 20_000 + (process.pid % 10_000);
  writeFileSync(
    file('sshd_config'),
    `ListenAddress 0.0.0.0
Port ${port}
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
MaxStartups 2000
SetEnv HOME=${file('home')}
Subsystem sftp internal-sftp
LogLevel ERROR
`,
  );
  const common = `Port ${port}
User ${userInfo().username}
IdentityFile ${file('user_key')}
IdentitiesOnly yes
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
`;
  writeFileSync(file('stock'), common);
  writeFileSync(file('tuned'), `KexAlgorithms curve25519-sha256\n${common}`);
  const sshd = spawn('/usr/sbin/sshd', ['-D', '-f', file('sshd_config'), '-E', file('sshd.log')], { stdio: 'ignore' });
  while (!(await answers(port))) {
    if (sshd.exitCode !== null) throw new Error(`sshd ended: ${readFileSync(file('sshd.log'), 'utf8')}`);
    await delay(25);
  }
  const hostKey = readFileSync(file('host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
  const { NODE_EXTRA_CA_CERTS: _, SSH_AUTH_SOCK: __, ...env } = process.env;
  const addresses = (count: number): string[] =>
    Array.from({ length: count }, (___, n) => `127.0.${Math.floor(n / 250) + 1}.${(n % 250) + 1}`);
  return {
    directory,
    port,
    stock: file('stock'),
    tuned: file('tuned'),
    addresses,
    list(count, form = (address) => address) {
      const path = file(`list-${count}-${form('x').length}`);
      writeFileSync(path, `${addresses(count).map(form).join('\n')}\n`);
      return path;
    },
    specs: (count) =>
      addresses(count).map((address) => ({
        name: address,
        transport: 'ssh',
        address,
        port,
        user: userInfo().username,
        keyFile: file('user_key'),
        hostKeys: [hostKey],
        labels: [],
        attributes: {},
        protection: 'none',
      })),
    env: { ...env, HOME: file('home'), ANSIBLE_LOCAL_TEMP: file('ansible'), NODE_COMPILE_CACHE: file('cache') },
    async close() {
      sshd.kill('SIGTERM');
      if (sshd.exitCode === null) await new Promise((resolve) => sshd.once('exit', resolve));
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.1.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
