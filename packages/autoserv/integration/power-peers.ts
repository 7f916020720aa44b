import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import snmp from 'net-snmp';

/** A device that switches power, for tests. */
export interface PowerPeer {
  readonly port: number;
  /** What it was told, oldest first. */
  readonly told: readonly string[];
  close(): Promise<void>;
}

/** OpenIPMI's BMC simulator, which has its power switched by a program: state and orders are files in `directory`. */
export async function startIpmiSim(directory: string, options: { readonly solPort?: number } = {}): Promise<PowerPeer> {
  const port = await freeUdpPort();
  const file = (name: string): string => join(directory, name);
  writeFileSync(
    file('chassis'),
    `#!/bin/sh
shift; op=$1; shift
if [ "$op" = get ]; then for p in "$@"; do
  case $p in power) echo "power:$(cat ${file('power')} 2>/dev/null || echo 0)";; boot) echo boot:default;; *) echo "$p:0";; esac
done; else while [ $# -gt 1 ]; do echo "$1 $2" >> ${file('told')}; [ "$1" = power ] && echo "$2" > ${file('power')}; shift 2; done; fi
`,
  );
  chmodSync(file('chassis'), 0o755);
  writeFileSync(
    file('lan.conf'),
    `name "h1"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    guid b123456789abcdefa123456789abcdef
  endlan
  chassis_control "${file('chassis')} h1"
  ${options.solPort === undefined ? '' : `sol "tcp:127.0.0.1:${options.solPort}" 115200`}
  user 2 true "admin" "s3cret" admin 10 none md2 md5 straight
`,
  );
  writeFileSync(
    file('emu.conf'),
    `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`,
  );
  mkdirSync(file('state'));
  const child = spawn('ipmi_sim', ['-c', file('lan.conf'), '-f', file('emu.conf'), '-s', file('state'), '-n'], {
    stdio: 'ignore',
  });
  return {
    port,
    get told() {
      return existsSync(file('told')) ? readFileSync(file('told'), 'utf8').trim().split('\n') : [];
    },
    close: () => end(child),
  };
}

/** A Redfish service with one system, as DSP0266 wants it; `busy`: so many answers of 503 before it obeys. */
export async function startRedfish(options: { readonly busy?: number } = {}): Promise<PowerPeer> {
  const told: string[] = [];
  let busy = options.busy ?? 0;
  let state = 'Off';
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown): void => void response.writeHead(status).end(JSON.stringify(body));
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (request.headers.authorization !== `Basic ${Buffer.from('admin:s3cret').toString('base64')}`)
      return answer(401, { error: { message: 'who are you' } });
    if (request.method === 'GET' && request.url === '/redfish/v1/Systems/1')
      return answer(200, {
        PowerState: state,
        Actions: {
          '#ComputerSystem.Reset': {
            target: '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset',
            'ResetType@Redfish.AllowableValues': ['On', 'ForceOff', 'ForceRestart'],
          },
        },
      });
    if (request.method !== 'POST' || request.url !== '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset')
      return answer(404, {});
    if (busy-- > 0) return answer(503, { error: { message: 'busy' } });
    const { ResetType: type } = JSON.parse(text) as { ResetType: string };
    told.push(type);
    state = type === 'ForceOff' ? 'Off' : 'On';
    return answer(200, {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    told,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Agent {
  getAuthorizer(): { addCommunity(name: string): void };
  registerProvider(provider: unknown): void;
  getMib(): { addTableRow(table: string, row: readonly unknown[]): void };
  close(): void;
}

/** A power distribution unit with the outlet control table of PowerNet-MIB: an SNMP agent that keeps what is written. */
export async function startPdu(outlet: number): Promise<PowerPeer> {
  const port = await freeUdpPort();
  const told: string[] = [];
  const heard = (_error: unknown, data?: { pdu?: { varbinds: { oid: string; requestValue?: number }[] } }): void => {
    for (const { oid, requestValue } of data?.pdu?.varbinds ?? [])
      if (requestValue !== undefined) told.push(`${oid} = ${requestValue}`);
  };
  const agent = snmp.createAgent({ port, address: '127.0.0.1' }, heard) as Agent;
  agent.getAuthorizer().addCommunity('s3cret');
  const column = (number: number, name: string): unknown => ({
    number,
    name,
    type: snmp.ObjectType.Integer,
    maxAccess: snmp.MaxAccess['read-write'],
  });
  agent.registerProvider({
    name: 'outlets',
    type: snmp.MibProviderType.Table,
    oid: '1.3.6.1.4.1.318.1.1.12.3.3.1.1',
    maxAccess: snmp.MaxAccess['not-accessible'],
    tableColumns: [column(1, 'index'), column(4, 'command')],
    tableIndex: [{ columnName: 'index' }],
  });
  agent.getMib().addTableRow('outlets', [outlet, 2]);
  return { port, told, close: async () => agent.close() };
}

/** QEMU without a disk, held before its first instruction, with a monitor socket. */
export async function startQemu(monitor: string): Promise<PowerPeer> {
  const child = spawn(
    'qemu-system-x86_64',
    [
      '-S',
      '-accel',
      'tcg',
      '-m',
      '16',
      '-display',
      'none',
      '-nodefaults',
      '-qmp',
      `unix:${monitor},server=on,wait=off`,
    ],
    { stdio: 'ignore' },
  );
  for (let tries = 0; tries < 400 && !existsSync(monitor); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25));
  return { port: 0, told: [], close: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
