import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { runLocal } from '@autotest/core/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chassis } from '../src/bmc/chassis.ts';
import { startIpmiBmc, type Bmc } from '../src/bmc/ipmi-bmc.ts';
import { startRedfishBmc } from '../src/bmc/redfish-bmc.ts';
import { startSnmpPdu } from '../src/bmc/snmp-pdu.ts';
import { FakeMachine } from './fake-machine.ts';
import { eventually, missingPrograms, TestConsole } from './machine-support.ts';

describe.skipIf(missingPrograms('ipmi_sim', 'ipmitool', 'socat'))('a BMC that speaks IPMI', () => {
  let dir: string;
  let port: number;
  let machine: FakeMachine;
  let chassis: Chassis;
  let line: TestConsole;
  let bmc: Bmc;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bmc-'));
    line = new TestConsole(join(dir, 'console.log'), join(dir, 'console.sock'));
    machine = new FakeMachine('m1', line);
    chassis = new Chassis(machine);
    port = await freeUdpPort();
    bmc = await startIpmiBmc(chassis, {
      stateDir: join(dir, 'b'),
      address: '127.0.0.1',
      port,
      user: 'admin',
      password: 'secret',
    });
  });

  afterEach(async () => {
    await bmc.close();
    line.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('tells and switches the power', async () => {
    expect(await ipmi('chassis', 'power', 'status')).toBe('Chassis Power is off');
    await ipmi('chassis', 'power', 'on');
    expect(machine.powered).toBe(true);
    expect(await ipmi('chassis', 'power', 'status')).toBe('Chassis Power is on');
    await ipmi('chassis', 'power', 'reset');
    await ipmi('chassis', 'power', 'cycle');
    await eventually('the cycle is over', () => machine.pressed.filter((button) => button === 'on').length === 2);
    await ipmi('chassis', 'power', 'soft');
    await ipmi('chassis', 'power', 'off');
    expect(machine.pressed).toEqual(['on', 'reset', 'off', 'on', 'soft-off', 'off']);
  });

  it('takes a boot device and lights its lamp', async () => {
    await ipmi('chassis', 'bootdev', 'pxe');
    expect(chassis.bootDevice).toBe('pxe');
    await ipmi('chassis', 'identify', '15');
    expect(chassis.identify).toBe(true);
  });

  it('lets nobody in with another password', async () => {
    await expect(ipmi('-P', 'wrong', 'chassis', 'power', 'on')).rejects.toThrow('session');
    expect(machine.pressed).toEqual([]);
  });

  it('serves the console over the network', async () => {
    const login = ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', String(port), '-U', 'admin', '-P', 'secret'];
    const command = `ipmitool ${login.join(' ')} sol activate`;
    const client = spawn('script', ['-qfec', command, '/dev/null'], { stdio: 'pipe', detached: true });
    try {
      let shown = '';
      client.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await eventually('the session is there', () => shown.includes('SOL Session operational'));
      line.write(Buffer.from('login: \r\n'));
      await eventually('what the machine prints is shown', () => shown.includes('login:'));
      let typed = '';
      line.onInput((chunk) => (typed += Buffer.from(chunk).toString()));
      client.stdin.write('root\r');
      await eventually('what is typed arrives', () => typed.includes('root'));
    } finally {
      client.kill('SIGKILL');
    }
  });

  /** Options of ours come last and win. */
  async function ipmi(...words: readonly string[]): Promise<string> {
    const login = ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', String(port), '-U', 'admin', '-P', 'secret'];
    const { exitCode, stdout, stderr } = await runLocal(['ipmitool', ...login, ...words], { timeout: 30_000 });
    if (exitCode !== 0) throw new Error(`${stdout}${stderr}`);
    return stdout.trim();
  }
});

describe('a BMC that speaks Redfish', () => {
  const machine = new FakeMachine('m1');
  const chassis = new Chassis(machine);
  let bmc: Bmc;
  let base: string;

  beforeEach(async () => {
    machine.pressed.length = 0;
    bmc = await startRedfishBmc(chassis, { address: '127.0.0.1', port: 0, user: 'admin', password: 'secret' });
    base = `http://127.0.0.1:${new URL(bmc.url.replace('redfish+', '')).port}`;
  });
  afterEach(() => bmc.close());

  it('leads from its root to the system and its power', async () => {
    expect((await call('GET', '/redfish/v1/', undefined, '')).body).toMatchObject({ RedfishVersion: '1.6.0' });
    const { body } = await call('GET', '/redfish/v1/Systems');
    expect(body).toMatchObject({ Members: [{ '@odata.id': '/redfish/v1/Systems/1' }] });
    expect((await call('GET', '/redfish/v1/Systems/1')).body).toMatchObject({ Name: 'm1', PowerState: 'Off' });
  });

  it('carries out each kind of reset', async () => {
    for (const type of ['On', 'ForceRestart', 'Nmi', 'GracefulShutdown', 'PowerCycle', 'ForceOff'])
      expect((await reset(type)).status).toBe(204);
    expect(machine.pressed).toEqual(['on', 'reset', 'nmi', 'soft-off', 'off', 'on', 'off']);
    expect((await reset('Explode')).status).toBe(400);
    expect((await reset('constructor')).status).toBe(400);
  });

  it('takes a boot override', async () => {
    const boot = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' };
    expect((await call('PATCH', '/redfish/v1/Systems/1', JSON.stringify({ Boot: boot }))).status).toBe(204);
    expect(chassis.bootDevice).toBe('pxe');
    expect((await call('GET', '/redfish/v1/Systems/1')).body).toMatchObject({ Boot: boot });
  });

  it('refuses strangers and nonsense', async () => {
    expect((await call('GET', '/redfish/v1/Systems/1', undefined, '')).status).toBe(401);
    expect((await call('GET', '/redfish/v1/Systems/1', undefined, 'admin:wrong')).status).toBe(401);
    expect((await call('POST', '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset', '{')).status).toBe(400);
    expect((await call('POST', '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset', 'null')).status).toBe(400);
    expect((await call('GET', '/redfish/v1/Nothing')).status).toBe(404);
    expect((await call('PATCH', '/redfish/v1/Systems/1', 'x'.repeat(100_000))).status).toBe(413);
    expect(machine.pressed).toEqual([]);
  });

  function reset(ResetType: string): Promise<{ status: number; body: unknown }> {
    return call('POST', '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset', JSON.stringify({ ResetType }));
  }

  async function call(
    method: string,
    path: string,
    body?: string,
    login = 'admin:secret',
  ): Promise<{ status: number; body: unknown }> {
    const authorization = { Authorization: `Basic ${Buffer.from(login).toString('base64')}` };
    const response = await fetch(base + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(login !== '' && authorization) },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }
});

describe.skipIf(missingPrograms('snmpset', 'snmpget'))('a power strip', () => {
  const [first, second] = [new FakeMachine('m1'), new FakeMachine('m2')];
  const outlet = (n: number): string => `1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.${n}`;
  let strip: Bmc;
  let agent: string;

  beforeEach(async () => {
    strip = await startSnmpPdu([first, second], { address: '127.0.0.1', port: 0 });
    agent = new URL(strip.url.replace('snmp:', 'http:')).host;
  });
  afterEach(() => strip.close());

  it('switches the machine behind an outlet, and no other', async () => {
    await snmpCall('snmpset', 'private', outlet(2), 'i', '1');
    await eventually('it is on', () => second.powered);
    expect(await snmpCall('snmpget', 'public', outlet(2))).toMatch(/INTEGER: 1/);
    expect(await snmpCall('snmpget', 'public', outlet(1))).toMatch(/INTEGER: 2/);
    await snmpCall('snmpset', 'private', outlet(2), 'i', '3');
    await eventually('it was off and on', () => second.pressed.join() === 'on,off,on');
    await snmpCall('snmpset', 'private', outlet(2), 'i', '2');
    await eventually('it is off', () => !second.powered);
    expect(await snmpCall('snmpget', 'public', outlet(2).replace('.3.3.1.1.4.', '.3.5.1.1.4.'))).toMatch(/INTEGER: 2/);
    expect(first.pressed).toEqual([]);
  });

  it('refuses commands that it does not know, and those who may only read', async () => {
    await expect(snmpCall('snmpset', 'private', outlet(1), 'i', '9')).rejects.toThrow('badValue');
    await expect(snmpCall('snmpset', 'public', outlet(1), 'i', '1')).rejects.toThrow(/noAccess|authorizationError/);
    await expect(snmpCall('snmpget', 'nobody', outlet(1))).rejects.toThrow(/Timeout/);
    expect(first.pressed).toEqual([]);
  });

  async function snmpCall(program: string, community: string, ...words: readonly string[]): Promise<string> {
    const argv = [program, '-v2c', '-r', '1', '-t', '2', '-c', community, agent, ...words];
    const { exitCode, stdout, stderr } = await runLocal(argv, { timeout: 30_000 });
    if (exitCode !== 0) throw new Error(`${stdout}${stderr}`);
    return stdout;
  }
});

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
