import type { BootDevice, Chassis, PowerAction } from './chassis.ts';

export interface RedfishAnswer {
  readonly status: number;
  /** Absent: an empty body. */
  readonly body?: unknown;
}

const root = '/redfish/v1';
const system = `${root}/Systems/1`;
const resetAction = `${system}/Actions/ComputerSystem.Reset`;

const resets: Readonly<Record<string, PowerAction>> = {
  On: 'on',
  ForceOn: 'on',
  ForceOff: 'off',
  GracefulShutdown: 'soft-off',
  PushPowerButton: 'soft-off',
  ForceRestart: 'reset',
  PowerCycle: 'cycle',
  Nmi: 'nmi',
};

const bootTargets: Readonly<Record<string, BootDevice>> = {
  None: 'none',
  Pxe: 'pxe',
  Hdd: 'disk',
  Cd: 'cdrom',
  BiosSetup: 'bios',
};

/** What a Redfish service says to a request that is let in. */
export async function answerRedfish(
  chassis: Chassis,
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<RedfishAnswer> {
  if (path === resetAction) return method === 'POST' ? reset(chassis, body) : refuse(405, 'Reset takes POST.');
  if (path === system && method === 'PATCH') return change(chassis, body);
  const resource = resources(chassis)[path];
  if (resource === undefined) return refuse(404, `There is no ${path.slice(0, 200)}.`);
  return method === 'GET' ? { status: 200, body: resource } : refuse(405, `${method} is not for this resource.`);
}

async function reset(chassis: Chassis, { ResetType: type }: Readonly<Record<string, unknown>>): Promise<RedfishAnswer> {
  const action = typeof type === 'string' && Object.hasOwn(resets, type) ? resets[type] : undefined;
  if (action === undefined) return refuse(400, `ResetType must be one of ${Object.keys(resets).join(', ')}.`);
  await chassis.press(action);
  return { status: 204 };
}

function change(chassis: Chassis, body: Readonly<Record<string, unknown>>): RedfishAnswer {
  const { Boot: boot, IndicatorLED: light } = body;
  if (boot !== undefined) {
    const target = (boot as Record<string, unknown> | null)?.BootSourceOverrideTarget;
    const enabled = (boot as Record<string, unknown> | null)?.BootSourceOverrideEnabled;
    const device = typeof target === 'string' && Object.hasOwn(bootTargets, target) ? bootTargets[target] : undefined;
    if (enabled === 'Disabled') chassis.bootDevice = 'none';
    else if (device === undefined)
      return refuse(400, `BootSourceOverrideTarget must be one of ${Object.keys(bootTargets).join(', ')}.`);
    else chassis.bootDevice = device;
  }
  if (light !== undefined) chassis.identify = light !== 'Off';
  return { status: 204 };
}

function resources(chassis: Chassis): Readonly<Record<string, unknown>> {
  const { powered, bootDevice, identify } = chassis.state();
  const target = Object.entries(bootTargets).find(([, device]) => device === bootDevice)?.[0] ?? 'None';
  return {
    '/redfish': { v1: `${root}/` },
    [root]: {
      '@odata.id': root,
      '@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot',
      Id: 'RootService',
      Name: 'Root Service',
      RedfishVersion: '1.6.0',
      Systems: { '@odata.id': `${root}/Systems` },
    },
    [`${root}/Systems`]: {
      '@odata.id': `${root}/Systems`,
      '@odata.type': '#ComputerSystemCollection.ComputerSystemCollection',
      Name: 'Computer System Collection',
      'Members@odata.count': 1,
      Members: [{ '@odata.id': system }],
    },
    [system]: {
      '@odata.id': system,
      '@odata.type': '#ComputerSystem.v1_10_0.ComputerSystem',
      Id: '1',
      Name: chassis.machine.name,
      SystemType: 'Physical',
      PowerState: powered ? 'On' : 'Off',
      IndicatorLED: identify ? 'Blinking' : 'Off',
      Status: { State: powered ? 'Enabled' : 'Disabled', Health: 'OK' },
      Boot: {
        BootSourceOverrideEnabled: bootDevice === 'none' ? 'Disabled' : 'Once',
        BootSourceOverrideTarget: target,
        'BootSourceOverrideTarget@Redfish.AllowableValues': Object.keys(bootTargets),
      },
      Actions: {
        '#ComputerSystem.Reset': { target: resetAction, 'ResetType@Redfish.AllowableValues': Object.keys(resets) },
      },
    },
  };
}

function refuse(status: number, message: string): RedfishAnswer {
  return { status, body: { error: { code: 'Base.1.0.GeneralError', message } } };
}
