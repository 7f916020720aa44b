import {
  ConnectionLostError,
  overNetwork,
  SimulatedProcess,
  type SimulatedClock,
  type SimulatedConnection,
  type SimulatedDatabase,
  type Random,
} from '@autotest/core/testing';
import type { Log } from '@autotest/core';
import type { Database, ExecutionRow } from '@autotest/core/db';
import { startDispatcher, type Dispatcher } from '../loop/dispatcher.ts';
import type { Processes } from '../options.ts';
import type { Autoservs } from './autoservs.ts';
import type { NetworkRates, Scenario, ScenarioDispatcher } from './scenario.ts';
import { SimulatedWatch } from './simulated-watch.ts';
import { Violation } from './violation.ts';

export interface Machine {
  readonly name: string;
  clockErrorMs: number;
  /** Whether it reaches the database. */
  isCutOff: boolean;
  readonly processes: Map<number, SimulatedProcess>;
}

interface Running {
  readonly process: SimulatedProcess;
  readonly connection: SimulatedConnection;
  dispatcher: Dispatcher | undefined;
}

const watchLimits = { helloMs: 60_000, abortGraceMs: 90_000, killGraceMs: 30_000 };

/** The dispatchers of the lab: real ones, each in a simulated process on a simulated machine. */
export class Dispatchers {
  readonly machines = new Map<string, Machine>();
  readonly all: readonly ScenarioDispatcher[];
  readonly #running = new Map<string, Running>();
  readonly #clock: SimulatedClock;
  readonly #database: SimulatedDatabase;
  readonly #random: Random;
  readonly #autoservs: Autoservs;
  readonly #scenario: Scenario;
  readonly #log: Log;
  readonly #onError: (error: unknown) => void;
  readonly #mutate: (real: Database) => Database;
  #network: NetworkRates;
  #nextPid = 2_000_000_000;
  /** Questions to the database so far. */
  asked = 0;

  constructor(options: {
    clock: SimulatedClock;
    database: SimulatedDatabase;
    random: Random;
    autoservs: Autoservs;
    scenario: Scenario;
    log: Log;
    /** Told of what no dispatcher may do. */
    onError: (error: unknown) => void;
    /** Breaks the database on purpose. */
    mutate?: ((real: Database) => Database) | undefined;
  }) {
    this.#mutate = options.mutate ?? ((real) => real);
    this.#onError = options.onError;
    this.#clock = options.clock;
    this.#database = options.database;
    this.#random = options.random;
    this.#autoservs = options.autoservs;
    this.#scenario = options.scenario;
    this.#log = options.log;
    this.#network = options.scenario.network;
    this.all = options.scenario.dispatchers;
    for (const { machine } of this.all)
      if (!this.machines.has(machine))
        this.machines.set(machine, { name: machine, clockErrorMs: 0, isCutOff: false, processes: new Map() });
  }

  isRunning(id: string): boolean {
    return this.#running.get(id)?.process.isAlive === true;
  }

  processOf(id: string): SimulatedProcess | undefined {
    return this.#running.get(id)?.process;
  }

  setNetwork(network: NetworkRates): void {
    this.#network = network;
  }

  start({ id, machine: name, maxExecutions }: ScenarioDispatcher): void {
    const machine = this.machines.get(name);
    if (!machine || this.isRunning(id)) return;
    const process = new SimulatedProcess(this.#clock, machine, this.#nextPid++);
    machine.processes.set(process.pid, process);
    const connection = this.#database.connect(process.clock);
    const random = this.#random.split(`${id}/${process.pid}`);
    const database = overNetwork(this.#watched(connection.database), process, this.#clock, {
      passage: () => this.#passage(machine, random),
      conflicts: () => this.#network.conflicts > 0 && random.chance(this.#network.conflicts),
    });
    const running: Running = { process, connection, dispatcher: undefined };
    this.#running.set(id, running);
    const limits = { ...watchLimits, ...this.#scenario.limits };
    startDispatcher({
      database,
      dataDir: '/simulated',
      dispatcherId: id,
      machine: name,
      clock: process.clock,
      log: this.#log.child({ dispatcher: id, pid: process.pid }),
      limits: { ...this.#scenario.limits, maxExecutions, minFreeBytes: 0 },
      random: () => random.next(),
      processes: processesOf(machine, process.pid),
      startWatch: (execution, _owner, store) =>
        new SimulatedWatch({
          autoservs: this.#autoservs,
          process,
          limits,
          execution,
          store,
          hostIds: (one) => this.#hostsOf(one),
          onViolation: this.#onError,
        }),
    }).then(
      (dispatcher) => {
        running.dispatcher = dispatcher;
      },
      (error: unknown) => {
        if (!(error instanceof ConnectionLostError)) this.#onError(error);
        // As whoever supervises the process does.
        this.kill(id);
        this.#clock.setTimeout(() => this.start({ id, machine: name, maxExecutions }), 1000);
      },
    );
  }

  kill(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    running.process.kill();
    running.connection.close();
    this.machines.get(running.process.machine.name)?.processes.delete(running.process.pid);
    this.#running.delete(id);
  }

  /** Everything on a machine dies at once. */
  crash(machine: Machine): void {
    for (const { id, machine: name } of this.all) if (name === machine.name) this.kill(id);
    for (const autoserv of Array.from(this.#autoservs.alive))
      if (autoserv.machine === machine.name) this.#autoservs.kill(autoserv);
  }

  /** Events were appended: whoever watches for them hears of it, sooner, later or not at all. */
  tellOfEvents(): void {
    for (const { connection, process } of this.#running.values()) {
      const { losesNews } = this.#network;
      if (losesNews > 0 && this.#random.chance(losesNews)) continue;
      const delayMs = this.#network.slow > 0 ? this.#random.between(0, 20) : 0;
      const look = (): void => {
        if (process.isAlive) connection.lookForEvents();
      };
      if (delayMs === 0) look();
      else this.#clock.setTimeout(look, delayMs);
    }
  }

  /** A dispatcher that was declared dead writes nothing, nor does one whose id another process has by now. */
  #watched(real: Database): Database {
    const mutated = this.#mutate(real);
    const commit: Database['scheduling']['commit'] = async (changes, fence) => {
      const [row] = await this.#database.query<{ epoch: number }>('select epoch from dispatchers where id = ?', [
        fence?.dispatcherId,
      ]);
      const result = await mutated.scheduling.commit(changes, fence);
      if (row?.epoch !== fence?.epoch && result.committed.includes(true))
        this.#onError(
          new Violation(
            'only members write',
            `${fence?.dispatcherId} wrote under epoch ${fence?.epoch}, and has ${row?.epoch} by now`,
          ),
        );
      return result;
    };
    return { ...mutated, scheduling: { ...mutated.scheduling, commit } };
  }

  #passage(machine: Machine, random: Random) {
    this.asked++;
    if (machine.isCutOff) return { requestMs: 500, answerMs: 0, loses: 'request' as const };
    const { slow, stalls, losesRequest, losesAnswer } = this.#network;
    const delay = () => {
      if (stalls > 0 && random.chance(stalls)) return random.between(500, 4000);
      return slow > 0 && random.chance(slow) ? random.between(1, 30) : 0;
    };
    const passage = { requestMs: delay(), answerMs: delay() };
    if (losesRequest > 0 && random.chance(losesRequest)) return { ...passage, loses: 'request' as const };
    return losesAnswer > 0 && random.chance(losesAnswer) ? { ...passage, loses: 'answer' as const } : passage;
  }

  /** Hosts that an execution works on, as its spec file names them. */
  async #hostsOf({ id, taskId, purpose }: ExecutionRow): Promise<number[]> {
    const rows = await (taskId === undefined
      ? this.#database.query<{ hostId: number | null }>('select hostId from entries where executionId = ?', [id])
      : this.#database.query<{ hostId: number | null }>('select hostId from tasks where id = ?', [taskId]));
    return purpose === 'gather' ? [] : rows.flatMap(({ hostId }) => hostId ?? []);
  }
}

function processesOf(machine: Machine, pid: number): Processes {
  return {
    pid,
    startOf: (asked) => (machine.processes.has(asked) ? `${asked}` : undefined),
    claim: () => Promise.resolve({ release: () => Promise.resolve() }),
  };
}
