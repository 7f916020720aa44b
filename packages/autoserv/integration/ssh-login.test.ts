import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSpec, RecordBody } from '@autotest/core';
import { hasSshd, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HostConnection } from '../src/hosts/connection.ts';
import { eventually, Lab, sshHost } from './support.ts';

let lab: Lab;
let open: HostConnection[] = [];
let records: RecordBody[] = [];
beforeEach(() => {
  lab = new Lab();
  records = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await lab.dispose();
});

/** A connection whose HOME and ssh_config are the test's own. */
function connect(spec: HostSpec, config = '', env: NodeJS.ProcessEnv = {}): HostConnection {
  const home = join(lab.dir, 'home');
  mkdirSync(join(home, '.ssh'), { recursive: true });
  writeFileSync(join(home, '.ssh', 'config'), config);
  const connection = new HostConnection(spec, {
    reconnectMs: 20_000,
    connectTimeoutMs: 20_000,
    firstAttempts: 1,
    record: (body) => records.push(body),
    env: { PATH: process.env.PATH, HOME: home, ...env },
  });
  open.push(connection);
  return connection;
}

/** A row that says nothing but the name. */
function bare(address: string, about: Partial<HostSpec> = {}): HostSpec {
  const { keyFile: _, ...rest } = sshHost(one);
  return { ...rest, name: 'bare', address, port: 22, user: 'root', hostKeys: [], ...about };
}

async function said(connection: HostConnection): Promise<string> {
  return (await connection.exec('echo hello')).stdout.trim();
}

let sshd: Sshd;
let one: SshdHost;
let two: SshdHost;
let three: SshdHost;
beforeAll(async () => {
  if (!hasSshd()) return;
  sshd = await startSshd({ hosts: 3 });
  [one, two, three] = sshd.hosts as [SshdHost, SshdHost, SshdHost];
});
afterAll(() => sshd?.close());

function aliasOf(host: SshdHost, name: string, more = ''): string {
  const file = join(lab.dir, 'home', '.ssh', 'known_hosts');
  mkdirSync(join(lab.dir, 'home', '.ssh'), { recursive: true });
  const known = existsSync(file) ? readFileSync(file, 'utf8') : '';
  writeFileSync(file, `${known}[${host.address}]:${host.port} ${host.hostKey}\n`);
  return `Host ${name}
  HostName ${host.address}
  Port ${host.port}
  User ${host.user}
  IdentityFile ${host.keyFile}
  ${more}
`;
}

describe.runIf(hasSshd())('ssh_config', () => {
  test('tells where an alias is and with which key, and known_hosts pins it', async () => {
    const connection = connect(bare('web'), aliasOf(one, 'w*'));
    expect(await said(connection)).toBe('hello');
    expect(records.filter(({ kind }) => kind === 'hostKey')).toEqual([]);
  });

  test('loses against what the row says', async () => {
    const config = `Host ${one.address}\n  Port 1\n  IdentityFile /nowhere\n`;
    expect(await said(connect(sshHost(one, { user: one.user }), config))).toBe('hello');
  });

  test('may include other files, and Match exec is not run but told', async () => {
    const parts = join(lab.dir, 'home', '.ssh');
    mkdirSync(parts, { recursive: true });
    writeFileSync(join(parts, 'more.conf'), aliasOf(one, 'inner'));
    const flag = join(lab.dir, 'was-run');
    const config = `Include more.conf\nMatch exec "touch ${flag}"\n  Port 1\n`;
    expect(await said(connect(bare('inner'), config))).toBe('hello');
    expect(existsSync(flag)).toBe(false);
    expect(records).toContainEqual(
      expect.objectContaining({ kind: 'problem', message: expect.stringContaining('Match exec') as string }),
    );
  });

  test.runIf(existsSync('/usr/bin/socat'))('may name a program that makes the connection (socat)', async () => {
    const config = aliasOf(one, 'behind', `ProxyCommand socat - TCP:%h:%p`);
    expect(await said(connect(bare('behind'), config))).toBe('hello');
  });

  test('lets no name of a host into the shell of a ProxyCommand', async () => {
    const flag = join(lab.dir, 'was-run');
    const connection = connect(bare(`x;touch\${IFS}${flag}`), 'ProxyCommand nc %h %p\n', { SSH_AUTH_SOCK: '' });
    await expect(connection.connect()).rejects.toMatchObject({ code: 'AT_SSH_CONFIG' });
    expect(existsSync(flag)).toBe(false);
  });
});

describe.runIf(hasSshd())('jump hosts', () => {
  const chain = (): string => aliasOf(two, 'gate') + aliasOf(three, 'gate2');

  test('are passed one after another, as an attribute says', async () => {
    const connection = connect(sshHost(one, { attributes: { jump: 'gate,gate2' } }), chain());
    expect(await said(connection)).toBe('hello');
    const { stdout } = await connection.exec('echo $SSH_CONNECTION');
    expect(stdout.split(' ')[2]).toBe(one.address);
  });

  test('share one connection among many hosts, and break with all of them', async () => {
    const spec = sshHost(one, { attributes: { jump: 'gate' } });
    const all = Array.from({ length: 10 }, () => connect(spec, chain()));
    expect(await Promise.all(all.map(said))).toEqual(all.map(() => 'hello'));
    two.killSessions();
    const lost = (): number =>
      records.filter((record) => record.kind === 'transport' && record.event === 'lost').length;
    await eventually('the loss of all', () => lost() === 10 || undefined);
    expect(await Promise.all(all.map(said))).toEqual(all.map(() => 'hello'));
  });

  test.each([
    [
      'an unknown key',
      () => `Host gate\n  HostName ${two.address}\n  Port ${two.port}\n  IdentityFile ${two.keyFile}\n`,
      /its key is not known/,
    ],
    ['a key that is not let in', () => aliasOf(two, 'gate').replace(two.keyFile, one.keyFile), /refuses the user/],
    [
      'nothing that listens',
      () => aliasOf(two, 'gate').replace(`Port ${two.port}`, 'Port 1'),
      /gate|refused|not known/,
    ],
  ])('that fail are named: %s', async (_, config, expected) => {
    const connection = connect(sshHost(one, { attributes: { jump: 'gate' } }), config());
    const error = await connection.connect().then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: 'AT_JUMP_HOST' });
    expect(error?.message).toMatch(expected);
    expect(error?.message).toContain(two.address);
  });

  test('name the hop before a host that is down', async () => {
    const connection = connect(sshHost(one, { port: 1, attributes: { jump: 'gate' } }), chain());
    await expect(connection.connect()).rejects.toMatchObject({ code: 'AT_JUMP_HOST' });
  });
});

describe.runIf(hasSshd())('keys', () => {
  let ca: Sshd;
  let caKey: string;
  let host: SshdHost;
  beforeAll(async () => {
    const setup = new Lab();
    caKey = join(setup.dir, 'ca');
    keygen('-t', 'ed25519', '-f', caKey);
    ca = await startSshd({ hosts: 1, config: [`TrustedUserCAKeys ${caKey}.pub`] });
    [host] = ca.hosts as [SshdHost];
  });
  afterAll(() => ca.close());

  const keygen = (...args: readonly string[]): void =>
    void execFileSync('ssh-keygen', ['-q', '-N', '', '-C', 'test', ...args]);

  /** A key that no authorized_keys has, and its certificate. */
  function certified(type: readonly string[], validity = '+1h'): string {
    const key = join(lab.dir, 'user_key');
    keygen('-t', ...type, '-f', key);
    execFileSync('ssh-keygen', ['-q', '-s', caKey, '-I', 'me', '-n', host.user, '-V', validity, `${key}.pub`]);
    return key;
  }

  async function withAgent(use: (socket: string) => Promise<void>): Promise<void> {
    const socket = join(lab.dir, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      await eventually('the agent', () => existsSync(socket) || undefined);
      await use(socket);
    } finally {
      const gone = new Promise((resolve) => agent.once('exit', resolve));
      agent.kill('SIGTERM');
      await gone;
    }
  }

  test.each([['ed25519'], ['ecdsa -b 256'], ['ecdsa -b 521'], ['rsa -b 2048']])(
    'of type %s log in by the certificate beside them',
    async (type) => {
      const keyFile = certified(type.split(' '));
      expect(await said(connect(sshHost(host, { keyFile })))).toBe('hello');
    },
  );

  test('log in by a certificate that ssh_config names', async () => {
    const keyFile = certified(['ed25519']);
    const elsewhere = join(lab.dir, 'elsewhere.pub');
    copyFileSync(`${keyFile}-cert.pub`, elsewhere);
    execFileSync('rm', [`${keyFile}-cert.pub`]);
    await expect(connect(sshHost(host, { keyFile })).connect()).rejects.toMatchObject({ code: 'AT_HOST_AUTH' });
    expect(await said(connect(sshHost(host, { keyFile }), `CertificateFile ${elsewhere}\n`))).toBe('hello');
  });

  test.each([['ed25519'], ['ecdsa -b 256'], ['rsa -b 2048']])(
    'with their certificates log in from an agent (%s)',
    (type) =>
      withAgent(async (SSH_AUTH_SOCK) => {
        const key = certified(type.split(' '));
        execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK } });
        const { keyFile: _, ...spec } = sshHost(host);
        expect(await said(connect(spec, '', { SSH_AUTH_SOCK }))).toBe('hello');
      }),
  );

  test('whose certificate is over say since when', async () => {
    const keyFile = certified(['ed25519'], '20200101:20200102');
    await expect(connect(sshHost(host, { keyFile })).connect()).rejects.toMatchObject({
      code: 'AT_HOST_AUTH',
      message: expect.stringMatching(/cert\.pub \(it ended at 2020-01-0[12]/) as string,
    });
  });

  test('with a passphrase are used from an agent, and without one the error says so', () =>
    withAgent(async (SSH_AUTH_SOCK) => {
      const keyFile = join(lab.dir, 'locked');
      copyFileSync(host.keyFile, keyFile);
      copyFileSync(`${host.keyFile}.pub`, `${keyFile}.pub`);
      chmodSync(keyFile, 0o600);
      execFileSync('ssh-add', ['-q', keyFile], { env: { ...process.env, SSH_AUTH_SOCK } });
      execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', keyFile]);
      expect(await said(connect(sshHost(host, { keyFile }), '', { SSH_AUTH_SOCK }))).toBe('hello');
      await expect(connect(sshHost(host, { keyFile })).connect()).rejects.toMatchObject({
        code: 'AT_HOST_AUTH',
        message: expect.stringMatching(/has a passphrase.*ssh-add/) as string,
      });
    }));
});
