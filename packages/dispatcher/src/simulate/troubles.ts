import type { Random, SimulatedClock } from '@autotest/core/testing';
import type { Autoservs } from './autoservs.ts';
import type { Dispatchers } from './dispatchers.ts';
import type { RealHosts } from './hosts.ts';
import type { People } from './people.ts';
import { goodNetwork, type Scenario } from './scenario.ts';

interface Parts {
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly scenario: Scenario;
  readonly hosts: RealHosts;
  readonly autoservs: Autoservs;
  readonly dispatchers: Dispatchers;
  readonly people: People;
  /** Told of each trouble. */
  readonly onTrouble: (what: string) => void;
  readonly onError: (error: unknown) => void;
}

/** What goes wrong in a lab, at random. */
export class Troubles {
  readonly #parts: Parts;
  /** What stays dead when everything else is mended. */
  dead: string | undefined;
  #isMended = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  begin(): void {
    const { clock, random, scenario } = this.#parts;
    if (scenario.troubleMs === Infinity) return;
    const next = (): void => {
      if (this.#isMended) return;
      this.#make();
      clock.setTimeout(next, random.exponential(scenario.troubleMs));
    };
    clock.setTimeout(next, random.exponential(scenario.troubleMs));
  }

  /** Everything is well again, except, where the scenario says so, one part that never comes back. */
  async mend(): Promise<void> {
    const { dispatchers, hosts, people, scenario } = this.#parts;
    this.#isMended = true;
    dispatchers.setNetwork(goodNetwork);
    for (const machine of dispatchers.machines.values()) {
      machine.clockErrorMs = 0;
      machine.isCutOff = false;
    }
    hosts.mend();
    await people.makeAmends();
    if (scenario.leavesOneDead) await this.#leaveOneDead();
    for (const one of dispatchers.all) {
      dispatchers.processOf(one.id)?.resume();
      if (one.id !== this.dead && one.machine !== this.dead) dispatchers.start(one);
    }
  }

  async #leaveOneDead(): Promise<void> {
    const { random, dispatchers, hosts, people } = this.#parts;
    const one = random.pick(dispatchers.all);
    const kind = random.pick(['dispatcher', 'machine', 'host'] as const);
    const machine = dispatchers.machines.get(one.machine);
    if (kind === 'host') {
      const host = random.pick([...hosts.byId.values()]);
      host.isUp = false;
      this.dead = host.name;
      await people.giveUpOn(host.id);
    } else if (kind === 'dispatcher' && dispatchers.all.length > 1) {
      dispatchers.kill(one.id);
      this.dead = one.id;
    } else if (machine && dispatchers.machines.size > 1) {
      dispatchers.crash(machine);
      this.dead = machine.name;
    }
    if (this.dead !== undefined) this.#parts.onTrouble(`${this.dead} stays dead`);
  }

  #make(): void {
    const { random } = this.#parts;
    const kinds: readonly (() => string)[] = [
      () => this.#people(),
      () => this.#people(),
      () => this.#people(),
      () => this.#killDispatcher(),
      () => this.#killDispatcher(),
      () => this.#stopDispatcher(),
      () => this.#stopDispatcher(),
      () => this.#killAutoserv(),
      () => this.#killAutoserv(),
      () => this.#loseHost(),
      () => this.#loseHost(),
      () => this.#crashMachine(),
      () => this.#setClock(),
      () => this.#cutOff(),
    ];
    this.#parts.onTrouble(random.pick(kinds)());
  }

  #people(): string {
    this.#parts.people.act().catch(this.#parts.onError);
    return 'somebody changes something';
  }

  #killDispatcher(): string {
    const { random, dispatchers } = this.#parts;
    const one = random.pick(dispatchers.all);
    dispatchers.kill(one.id);
    this.#later(random.pick([10, 1000, 10_000, 40_000]), () => dispatchers.start(one));
    return `dispatcher ${one.id} is killed`;
  }

  #stopDispatcher(): string {
    const { random, dispatchers } = this.#parts;
    const { id } = random.pick(dispatchers.all);
    const process = dispatchers.processOf(id);
    process?.stop();
    this.#later(random.pick([500, 5000, 30_000]), () => process?.resume());
    return `dispatcher ${id} is stopped for a while`;
  }

  #killAutoserv(): string {
    const { random, autoservs } = this.#parts;
    const alive = [...autoservs.alive];
    if (alive.length === 0) return 'nothing runs that could be killed';
    const one = random.pick(alive);
    autoservs.kill(one);
    return `autoserv of execution ${one.executionId} is killed`;
  }

  #loseHost(): string {
    const { random, hosts } = this.#parts;
    const host = random.pick([...hosts.byId.values()]);
    host.isUp = !host.isUp;
    return `${host.name} ${host.isUp ? 'comes back' : 'is lost'}`;
  }

  #crashMachine(): string {
    const { random, dispatchers } = this.#parts;
    const machine = random.pick([...dispatchers.machines.values()]);
    dispatchers.crash(machine);
    this.#later(random.pick([2000, 20_000, 90_000]), () => {
      for (const one of dispatchers.all) if (one.machine === machine.name) dispatchers.start(one);
    });
    return `machine ${machine.name} crashes`;
  }

  #setClock(): string {
    const { random, dispatchers } = this.#parts;
    const machine = random.pick([...dispatchers.machines.values()]);
    machine.clockErrorMs = random.pick([-3_600_000, -20_000, 0, 20_000, 120_000]);
    return `the clock of ${machine.name} is wrong by ${machine.clockErrorMs} ms`;
  }

  #cutOff(): string {
    const { random, dispatchers } = this.#parts;
    const machine = random.pick([...dispatchers.machines.values()]);
    machine.isCutOff = true;
    this.#later(random.pick([300, 3000, 25_000]), () => {
      machine.isCutOff = false;
    });
    return `${machine.name} does not reach the database for a while`;
  }

  #later(ms: number, callback: () => void): void {
    this.#parts.clock.setTimeout(() => {
      // What is mended stays so.
      if (!this.#isMended) callback();
    }, ms);
  }
}
