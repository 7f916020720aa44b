import { LabError } from '../errors.ts';
import { faultNames, type FaultName, type Undo } from '../faults/faults.ts';
import type { Lab } from '../lab.ts';
import type { LabHost } from '../lab-host.ts';
import { behaviours, type Behaviour } from '../simulated/behaviour.ts';
import type { SimulatedHost } from '../simulated/simulated-host.ts';
import type { SimulatedHosts } from '../simulated/simulated-hosts.ts';
import type { HostFacts, LabRequest, PowerAction } from './messages.ts';

export interface OperatorOptions {
  readonly lab?: Lab | undefined;
  readonly simulated?: SimulatedHosts | undefined;
}

/** Carries out what is asked of a lab, and remembers which faults there are. */
export class Operator {
  readonly #options: OperatorOptions;
  /** By host and fault. */
  readonly #undos = new Map<string, Undo>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  async carryOut(request: LabRequest): Promise<unknown> {
    switch (request.op) {
      case 'list':
        return this.list();
      case 'fault':
        await this.#fault(request.host, request.fault, request.value);
        if (request.forMs !== undefined) this.#undoLater(request.host, request.fault, request.forMs);
        return null;
      case 'undo':
        return this.#undo(request.host, request.fault);
      case 'power':
        return { powered: await this.#power(request.host, request.action) };
      case 'reboot':
        return this.#reboot(request.host);
      case 'down':
        return null;
      default:
        throw new LabError(`A lab does not know what ${JSON.stringify(request).slice(0, 200)} is.`);
    }
  }

  list(): HostFacts[] {
    const { lab, simulated } = this.#options;
    const faultsOf = (name: string): string[] =>
      [...this.#undos.keys()].filter((key) => key.startsWith(`${name} `)).map((key) => key.slice(name.length + 1));
    return [
      ...(lab?.hosts ?? []).map(({ name, machine, address, port, user, keyFile, hostKey, labels, attributes }) => ({
        name,
        kind: machine.kind,
        address,
        port,
        user,
        keyFile,
        hostKey,
        labels,
        attributes,
        powered: machine.powered,
        faults: faultsOf(name),
      })),
      ...(simulated?.hosts ?? []).map(({ name, address, port, user, keyFile, hostKey }) => ({
        name,
        kind: 'simulated',
        address,
        port,
        user,
        keyFile,
        hostKey,
        labels: ['lab', 'lab:simulated'],
        attributes: {},
        powered: true,
        faults: faultsOf(name),
      })),
    ];
  }

  /** Forgets what was to be taken back later: the hosts end. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #fault(name: string, fault: FaultName | Behaviour, value: string | undefined): Promise<void> {
    const key = `${name} ${fault}`;
    // A second one takes the place of the first.
    await this.#undos.get(key)?.();
    this.#undos.set(key, await this.#apply(name, fault, value));
  }

  async #apply(name: string, fault: FaultName | Behaviour, value: string | undefined): Promise<Undo> {
    const simulated = this.#simulated(name);
    if (simulated) {
      if (!isBehaviour(fault)) throw unknown(fault, 'simulated hosts', behaviours);
      await simulated.behave(fault);
      return () => simulated.behave('normal');
    }
    if (!isFault(fault)) throw unknown(fault, 'real hosts', faultNames);
    const host = this.#real(name);
    return this.#options.lab?.fault(host.name, fault, value) ?? (async () => {});
  }

  async #undo(name: string, fault: string): Promise<null> {
    const key = `${name} ${fault}`;
    const undo = this.#undos.get(key);
    if (undo === undefined) throw new LabError(`Host ${name} has no fault ${fault}. See \`autotest lab list\`.`);
    this.#undos.delete(key);
    await undo();
    return null;
  }

  #undoLater(name: string, fault: string, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // Somebody may have taken it back already.
      this.#undo(name, fault).catch(() => {});
    }, ms);
    this.#timers.add(timer);
  }

  async #power(name: string, action: PowerAction): Promise<boolean> {
    const { machine } = this.#real(name);
    if (action === 'off' || action === 'cycle') await machine.powerOff();
    if (action === 'on' || action === 'cycle') await machine.powerOn();
    if (action === 'reset') await machine.reset();
    return machine.powered;
  }

  async #reboot(name: string): Promise<null> {
    const simulated = this.#simulated(name);
    if (simulated) await simulated.reboot();
    else {
      const host = this.#real(name);
      if (host.machine.powered) await host.machine.reset();
      else await host.machine.powerOn();
      await host.waitUp();
    }
    return null;
  }

  #simulated(name: string): SimulatedHost | undefined {
    return this.#options.simulated?.hosts.find((host) => host.name === name);
  }

  #real(name: string): LabHost {
    if (this.#simulated(name)) throw new LabError(`Host ${name} is simulated: it has no power. Take a real one.`);
    const found = this.#options.lab?.hosts.find((host) => host.name === name);
    if (found) return found;
    throw new LabError(`There is no host ${name} in the lab. See \`autotest lab list\`.`);
  }
}

function isFault(name: string): name is FaultName {
  return (faultNames as readonly string[]).includes(name);
}

function isBehaviour(name: string): name is Behaviour {
  return (behaviours as readonly string[]).includes(name);
}

function unknown(fault: string, hosts: string, known: readonly string[]): LabError {
  return new LabError(`There is no fault ${fault} for ${hosts}. There are: ${known.join(', ')}.`);
}
