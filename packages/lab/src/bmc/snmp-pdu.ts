import { once } from 'node:events';
import { createSocket, type Socket } from 'node:dgram';
import snmp from 'net-snmp';
import { LabError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { Bmc } from './ipmi-bmc.ts';

export interface SnmpPduOptions {
  readonly address: string;
  /** UDP; 0: any that is free. */
  readonly port: number;
  /** Lets a client read. @default 'public' */
  readonly readCommunity?: string;
  /** Lets a client switch. @default 'private' */
  readonly writeCommunity?: string;
  /** Told of outlets that could not be switched. */
  readonly onError?: (error: unknown) => void;
}

/** rPDUOutletControlOutletCommand (PowerNet-MIB): what an outlet takes, and the first two are what it is. */
const outletCommands = { on: 1, off: 2, reboot: 3 } as const;
const controlTable = '1.3.6.1.4.1.318.1.1.12.3.3.1.1';
const stateTable = '1.3.6.1.4.1.318.1.1.12.3.5.1.1';

/** The parts of net-snmp's request to a provider that are used here; its own types leave them open. */
interface MibRequest {
  readonly operation: number;
  /** A set comes twice: to be tried, and to be done. */
  readonly testSet?: boolean;
  readonly setValue?: unknown;
  readonly instanceNode: { readonly oid: string; value: unknown };
  done(error?: { errorStatus: number; type: number; value: null }): void;
}

/**
 * Starts a switched power strip as APC makes them (SNMP v2c, rPDUOutletControl of PowerNet-MIB): outlet 1 is the first machine. Cutting an outlet takes the power from the
 * machine behind it; its own button cannot bring it back, as nobody asks.
 *
 * A set answers before the machine has gone: read the outlet until it says so, as with a real strip.
 */
export async function startSnmpPdu(machines: readonly Machine[], options: SnmpPduOptions): Promise<Bmc> {
  const { address, onError = () => undefined, readCommunity = 'public', writeCommunity = 'private' } = options;
  const port = options.port === 0 ? await freePort(address) : options.port;
  const agent = snmp.createAgent(
    { address, port, disableAuthorization: false, accessControlModelType: 1 },
    () => undefined,
  );
  await listening(agent, address, port);
  const authorizer = agent.getAuthorizer();
  const access = authorizer.getAccessControlModel();
  for (const [community, level] of [
    [readCommunity, snmp.AccessLevel.ReadOnly],
    [writeCommunity, snmp.AccessLevel.ReadWrite],
  ] as const) {
    authorizer.addCommunity(community);
    access.setCommunityAccess(community, level);
  }
  const switching = new Set<Promise<void>>();
  const handler = (request: MibRequest): void => {
    const machine = machines[Number(request.instanceNode.oid.split('.').at(-1)) - 1];
    const column = Number(request.instanceNode.oid.split('.').at(-2));
    if (machine === undefined || column !== 4) return request.done();
    if (request.operation !== snmp.PduType.SetRequest) {
      request.instanceNode.value = machine.powered ? outletCommands.on : outletCommands.off;
      return request.done();
    }
    if (!(Object.values(outletCommands) as unknown[]).includes(request.setValue))
      return request.done({ errorStatus: snmp.ErrorStatus.BadValue, type: snmp.ObjectType.Null, value: null });
    if (request.testSet !== true) {
      const work = switchOutlet(machine, Number(request.setValue)).catch(onError);
      switching.add(work);
      void work.finally(() => switching.delete(work));
    }
    return request.done();
  };
  const mib = agent.getMib();
  for (const [name, oid, access4] of [
    ['rPDUOutletControlTable', controlTable, snmp.MaxAccess['read-write']],
    ['rPDUOutletStatusTable', stateTable, snmp.MaxAccess['read-only']],
  ] as const) {
    mib.registerProvider({
      name,
      type: snmp.MibProviderType.Table,
      oid,
      maxAccess: snmp.MaxAccess['not-accessible'],
      tableColumns: [
        { number: 1, name: `${name}Index`, type: snmp.ObjectType.Integer, maxAccess: snmp.MaxAccess['read-only'] },
        { number: 2, name: `${name}Name`, type: snmp.ObjectType.OctetString, maxAccess: snmp.MaxAccess['read-only'] },
        { number: 4, name: `${name}Command`, type: snmp.ObjectType.Integer, maxAccess: access4 },
      ],
      tableIndex: [{ columnName: `${name}Index` }],
      handler,
    });
    for (const [index, machine] of machines.entries())
      mib.addTableRow(name, [index + 1, machine.name, outletCommands.off]);
  }
  return {
    url: `snmp://${writeCommunity}@${address}:${port}`,
    close: async () => {
      await Promise.all(switching);
      await new Promise<void>((resolve) => agent.close(() => resolve()));
    },
  };
}

async function switchOutlet(machine: Machine, command: number): Promise<void> {
  if (command !== outletCommands.on) await machine.powerOff();
  if (command !== outletCommands.off) await machine.powerOn();
}

async function listening(agent: { listener: { sockets: object } }, address: string, port: number): Promise<void> {
  const [socket] = Object.values(agent.listener.sockets) as Socket[];
  if (socket === undefined) throw new LabError(`No power strip can listen on ${address}:${port}.`);
  try {
    socket.address();
  } catch {
    await once(socket, 'listening');
  }
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
