import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runtimeDir } from '@autotest/core/node';
import { bmcPasswordFile } from './bmc/host-bmc.ts';
import { LabError } from './errors.ts';
import { guestImage } from './image/guest-image.ts';
import { faults, type FaultName, type Undo } from './faults/faults.ts';
import { makeKey, publicKey } from './keys.ts';
import type { LabHost } from './lab-host.ts';
import type { HostService, MachineOptions } from './machine-factory.ts';
import { hostServices, machineFactories } from './machine-factories.ts';
import { machineKinds, type Machine, type MachineKind } from './machine.ts';
import { netnsOf } from './namespace/namespace-machine.ts';
import { readyRootFs, type RootFs } from './namespace/root-fs.ts';
import { makeBridgeNetwork } from './network/bridge-network.ts';
import type { LabNetwork } from './network/lab-network.ts';
import { checkPreconditions } from './preconditions.ts';
import { waitBanner } from './wait-banner.ts';

export interface LabOptions {
  /** How many of each kind. */
  readonly hosts: Partial<Record<MachineKind, number>>;
  /** Directory for keys, disks and consoles; made if missing, and its hosts' part deleted at the end. @default a temporary one */
  readonly dir?: string;
  /** Where programs of namespaced hosts come from. @default 'this-machine' */
  readonly rootFs?: RootFs;
  /** Told what takes long. */
  readonly onProgress?: (text: string) => void;
  /** Ends the start. */
  readonly signal?: AbortSignal;
  /** How long a host may take until it answers. @default 60_000 */
  readonly upTimeoutMs?: number;
}

/** A lab that runs. It ends with the process that made it. */
export interface Lab {
  readonly hosts: readonly LabHost[];
  readonly network: LabNetwork;
  /** Private key that all hosts let in as root. */
  readonly keyFile: string;
  /** Directory with what the hosts' attribute `power` names: for AUTOTEST_SECRETS_DIR of whoever drives them. */
  readonly secretsDir: string;
  /** @throws LabError when there is none of this name */
  host(name: string): LabHost;
  /** Does something bad to a host. @param value such as the percentage of packets to lose @returns takes it back; more than once does nothing more */
  fault(host: string, fault: FaultName, value?: string): Promise<Undo>;
  /** Ends all hosts and deletes what was made for them. */
  close(): Promise<void>;
}

const namePrefix: Record<MachineKind, string> = { namespace: 'ns', uml: 'uml', qemu: 'qemu' };
const keyName = 'id_ed25519';

/**
 * Starts a lab of real hosts on this machine; done when all answer. Needs root.
 *
 * ```ts
 * const lab = await startLab({ hosts: { namespace: 3 } });
 * const undo = await lab.fault('ns-1', 'loss', '30');
 * ```
 *
 * @throws LabUnfitError when something is missing on this machine
 * @throws LabError when a host does not come up; then nothing is left
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const kinds = machineKinds.filter((kind) => (options.hosts[kind] ?? 0) > 0);
  checkPreconditions(kinds);
  const lab = new RunningLab(options);
  try {
    await lab.open(kinds);
  } catch (error) {
    await lab.close();
    throw error;
  }
  return lab;
}

class RunningLab implements Lab {
  readonly hosts: LabHost[] = [];
  readonly keyFile: string;
  readonly secretsDir: string;
  readonly #bmcPassword = randomBytes(7).toString('hex');
  readonly #options: LabOptions;
  readonly #dir: string;
  readonly #sockets: string;
  readonly #services: HostService[] = [];
  readonly #machines: Machine[] = [];
  readonly #undos = new Set<Undo>();
  #network: LabNetwork | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: LabOptions) {
    this.#options = options;
    this.#dir = resolve(options.dir ?? mkdtempSync(join(tmpdir(), 'autotest-lab-')));
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    chmodSync(this.#dir, 0o700);
    this.#sockets = mkdtempSync(join(runtimeDir(), 'lab-'));
    this.keyFile = join(this.#dir, keyName);
    this.secretsDir = join(this.#dir, 'secrets');
  }

  /** What is there only as long as the lab: with a directory of somebody's own, the hosts' part. */
  get #temporaryDir(): string {
    return this.#options.dir === undefined ? this.#dir : join(this.#dir, 'hosts');
  }

  get network(): LabNetwork {
    if (this.#network === undefined) throw new LabError('The lab has no network yet. Wait until it is up.');
    return this.#network;
  }

  async open(kinds: readonly MachineKind[]): Promise<void> {
    const { onProgress = () => {}, signal } = this.#options;
    const rootFs = kinds.includes('namespace')
      ? await readyRootFs(this.#options.rootFs ?? 'this-machine', { onProgress, signal })
      : undefined;
    const image = kinds.some((kind) => kind !== 'namespace')
      ? await guestImage({ onProgress, ...(signal && { signal }) })
      : undefined;
    this.#network = await makeBridgeNetwork([this.#temporaryDir, this.#sockets]);
    rmSync(join(this.#dir, 'hosts'), { recursive: true, force: true });
    rmSync(this.keyFile, { force: true });
    rmSync(`${this.keyFile}.pub`, { force: true });
    makeKey(this.keyFile, 'autotest-lab');
    mkdirSync(this.secretsDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.secretsDir, bmcPasswordFile), `${this.#bmcPassword}\n`, { mode: 0o600 });
    const wanted = kinds.flatMap((kind) =>
      Array.from({ length: this.#options.hosts[kind] ?? 0 }, (_, n) => ({
        kind,
        name: `${namePrefix[kind]}-${n + 1}`,
      })),
    );
    const plans = wanted.map(({ kind, name }, n) => ({ kind, options: this.#optionsOf(name, n + 1, onProgress) }));
    for (const { options } of plans) makeKey(options.hostKeyFile, options.name);
    signal?.throwIfAborted();
    const links = plans.map((plan) => ({ ...plan, link: plan.options.link, netns: netnsOf(plan.options) }));
    await this.network.addNamespaces(links.filter(({ kind }) => kind === 'namespace'));
    for (const { link } of links.filter(({ kind }) => kind !== 'namespace')) await this.network.addTap(link);
    const factories = machineFactories({ rootFs, image });
    const made = await Promise.all(plans.map((plan) => this.#make(plan, factories)));
    this.hosts.push(...made);
    signal?.throwIfAborted();
    await Promise.all(this.hosts.map((host) => host.machine.powerOn()));
    await Promise.all(this.hosts.map((host) => host.waitUp(this.#options.upTimeoutMs)));
  }

  host(name: string): LabHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found) return found;
    throw new LabError(
      `There is no host ${name} in the lab. There are: ${this.hosts.map((host) => host.name).join(', ')}.`,
    );
  }

  async fault(name: string, fault: FaultName, value?: string): Promise<Undo> {
    const host = this.host(name);
    const undo = await faults[fault].apply({ host, network: this.network, value });
    const once = async (): Promise<void> => {
      if (this.#undos.delete(once)) await undo();
    };
    this.#undos.add(once);
    return once;
  }

  async close(): Promise<void> {
    // Once is enough, and the second time the block may be another lab's.
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#services.map((service) => service.close()));
    await Promise.allSettled(this.#machines.map((machine) => machine.dispose()));
    await this.#network?.close();
    rmSync(this.#sockets, { recursive: true, force: true });
    rmSync(this.#temporaryDir, { recursive: true, force: true });
  }

  #optionsOf(name: string, index: number, onProgress: (text: string) => void): MachineOptions {
    const stateDir = join(this.#dir, 'hosts', name);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const address = this.network.addressOf(index);
    return {
      name,
      index,
      address,
      macAddress: macAddressOf(address),
      link: `v${index}`,
      network: this.network,
      stateDir,
      consoleSocket: join(this.#sockets, name),
      bmcPassword: this.#bmcPassword,
      authorizedKey: readFileSync(`${this.keyFile}.pub`, 'utf8').trim(),
      hostKeyFile: join(stateDir, 'keys/host_key'),
      onProgress,
      signal: this.#options.signal,
    };
  }

  async #make(
    { kind, options }: { kind: MachineKind; options: MachineOptions },
    factories: ReturnType<typeof machineFactories>,
  ): Promise<LabHost> {
    const factory = factories[kind];
    if (factory === undefined) throw new LabError(`This version makes no machines of kind ${kind}.`);
    const machine = await factory(options);
    this.#machines.push(machine);
    const attributes: Record<string, string> = { console: `unix://${machine.console.socketPath}` };
    for (const start of hostServices) {
      const service = await start(machine, options);
      this.#services.push(service);
      Object.assign(attributes, service.attributes);
    }
    const { name, address } = options;
    return {
      name,
      machine,
      address,
      port: 22,
      link: options.link,
      user: 'root',
      keyFile: this.keyFile,
      hostKey: publicKey(options.hostKeyFile),
      attributes,
      labels: ['lab', `lab:${kind}`],
      waitUp: (timeoutMs = 60_000) => waitBanner(name, address, 22, { timeoutMs, signal: this.#options.signal }),
    };
  }
}

/** One of those that nobody makes, with the address in it. */
function macAddressOf(address: string): string {
  return ['02', '00', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}
