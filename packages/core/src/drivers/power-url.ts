import { readProgram, UrlReader } from './url-reader.ts';

/** How the power of a host is switched: its attribute `power`, read. Files are of the machine that drives the host. */
export type PowerTarget =
  | {
      readonly kind: 'ipmi';
      readonly address: string;
      readonly port: number;
      readonly user: string;
      readonly passwordFile: string;
      readonly cipher: number;
      readonly interface: 'lan' | 'lanplus';
    }
  | {
      readonly kind: 'redfish';
      /** `https://bmc:443` */
      readonly origin: string;
      /** Path of the system: `/redfish/v1/Systems/1`. */
      readonly path: string;
      readonly user: string;
      readonly passwordFile: string;
      readonly insecure: boolean;
      readonly caFile?: string;
    }
  | {
      readonly kind: 'snmp';
      readonly address: string;
      readonly port: number;
      readonly version: '1' | '2c';
      /** Community, where it is no secret. */
      readonly community?: string;
      readonly communityFile?: string;
      /** Object that switches the outlet. */
      readonly oid: string;
      /** Numbers that it takes. */
      readonly values: { readonly on: number; readonly off: number; readonly cycle?: number };
    }
  | { readonly kind: 'qmp'; readonly path: string }
  | { readonly kind: 'libvirt'; readonly domain: string; readonly connect: string }
  | { readonly kind: 'command'; readonly name: string; readonly options: Readonly<Record<string, string>> };

/** Reads the attribute `power` of a host. @param host named in the error @throws DriverUrlError */
export function parsePowerUrl(text: string, host?: string): PowerTarget {
  const url = new UrlReader('power', text, host);
  const read = Object.hasOwn(readers, url.scheme) ? readers[url.scheme] : undefined;
  if (!read) return url.fail(`nothing is known of ${url.scheme}:; there are ${Object.keys(readers).join(':, ')}:`);
  const target = read(url);
  url.done();
  return target;
}

const readers: Readonly<Record<string, (url: UrlReader) => PowerTarget>> = {
  ipmi: (url) => ({
    kind: 'ipmi',
    address: url.address(),
    port: url.port(623),
    user: url.user(),
    passwordFile: required(url, 'password-file'),
    cipher: Number(url.choice('cipher', ['0', '1', '2', '3', '6', '7', '8', '11', '12', '15', '16', '17'], '3')),
    interface: url.choice('interface', ['lanplus', 'lan'], 'lanplus'),
  }),
  'redfish+https': (url) => readRedfish(url, 'https', 443),
  'redfish+http': (url) => readRedfish(url, 'http', 80),
  snmp: readSnmp,
  qmp: (url) => ({ kind: 'qmp', path: url.file() }),
  libvirt: (url) => {
    const domain = url.file().slice(1);
    if (!/^[^-/][^/]*$/.test(domain)) url.fail('it names no domain (libvirt:///name)');
    const connect = url.option('connect') ?? 'qemu:///system';
    // Other forms of these addresses name programs that run on this machine.
    if (!/^(qemu|xen|lxc|test)(\+(tls|ssh|tcp|unix))?:\/\/[A-Za-z0-9@_.:-]*\/[A-Za-z0-9_./-]*$/.test(connect))
      url.fail('connect is to be a plain address such as qemu:///system or qemu+ssh://user@machine/system');
    if (/:\/\/-/.test(connect)) url.fail('the machine in connect begins with a dash');
    return { kind: 'libvirt', domain, connect };
  },
  command: (url) => ({ kind: 'command', ...readProgram(url) }),
};

function readRedfish(url: UrlReader, protocol: 'http' | 'https', port: number): PowerTarget {
  const address = url.address();
  const path = url.path().replace(/\/+$/, '');
  if (!/^\/redfish\/v1\/Systems\/[A-Za-z0-9_.~-]+$/.test(path))
    url.fail('its path is to be that of a system, as /redfish/v1/Systems/1');
  const insecure = url.flag('insecure');
  const caFile = url.option('ca-file');
  return {
    kind: 'redfish',
    origin: `${protocol}://${address.includes(':') ? `[${address}]` : address}:${url.port(port)}`,
    path,
    user: url.user(),
    passwordFile: required(url, 'password-file'),
    insecure,
    ...(caFile !== undefined && { caFile }),
  };
}

/** Outlet controls of well-known power distribution units; `*` is the outlet. */
const models = {
  // PowerNet-MIB rPDUOutletControlOutletCommand: immediateOn 1, immediateOff 2, immediateReboot 3.
  apc: { oid: '1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.*', values: { on: 1, off: 2, cycle: 3 } },
  // Raritan PDU2-MIB switchingOperation: off 0, on 1, cycle 2.
  raritan: { oid: '1.3.6.1.4.1.13742.6.4.1.2.1.2.1.*', values: { on: 1, off: 0, cycle: 2 } },
} as const;

function readSnmp(url: UrlReader): PowerTarget {
  const outlet = url.path().slice(1);
  const model = url.option('model');
  const known = model !== undefined && Object.hasOwn(models, model) ? models[model as keyof typeof models] : undefined;
  if (model !== undefined && !known) url.fail(`model is to be ${Object.keys(models).join(' or ')}`);
  const oid = url.option('oid') ?? known?.oid;
  if (oid === undefined) return url.fail('it names neither model nor oid');
  if (oid.includes('*') && !/^\d{1,5}$/.test(outlet)) url.fail('its path is to be the number of the outlet');
  const full = oid.replace('*', outlet).replace(/^\./, '');
  if (!/^\d+(\.\d+){3,}$/.test(full)) url.fail('oid is to be numbers with dots between them, * for the outlet');
  const cycle = numberOption(url, 'cycle-value', (known?.values as { cycle?: number } | undefined)?.cycle);
  const communityFile = url.option('community-file');
  const community = url.user('');
  if (communityFile === undefined && community === '') url.fail('it has no community-file');
  return {
    kind: 'snmp',
    address: url.address(),
    port: url.port(161),
    version: url.choice('version', ['1', '2c'], '2c'),
    ...(communityFile === undefined ? { community } : { communityFile }),
    oid: full,
    values: {
      on: numberOption(url, 'on-value', known?.values.on ?? 1) ?? 1,
      off: numberOption(url, 'off-value', known?.values.off ?? 2) ?? 2,
      ...(cycle !== undefined && { cycle }),
    },
  };
}

function numberOption(url: UrlReader, name: string, otherwise: number | undefined): number | undefined {
  const text = url.option(name);
  if (text === undefined) return otherwise;
  return /^\d{1,9}$/.test(text) ? Number(text) : url.fail(`${name} is to be a number`);
}

function required(url: UrlReader, name: string): string {
  return url.option(name) ?? url.fail(`it has no ${name}`);
}
