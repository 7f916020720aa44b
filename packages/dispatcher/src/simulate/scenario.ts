import type { DispatcherLimits } from '../options.ts';

/** A dispatcher of a simulated lab. */
export interface ScenarioDispatcher {
  readonly id: string;
  readonly machine: string;
  readonly maxExecutions: number;
}

/** A kind of hosts, and how many there are. */
export interface ScenarioHosts {
  readonly labels: readonly string[];
  readonly count: number;
}

/** How often things go wrong, 0 to 1 each. */
export interface Rates {
  /** A verification finds the host unfit. */
  readonly verifyFails: number;
  /** A repair does not help. */
  readonly repairFails: number;
  /** A test of a job fails. */
  readonly testsFail: number;
  /** A job ends by a failure of the lab. */
  readonly infraFails: number;
  /** An execution never answers, or never ends by itself. */
  readonly hangs: number;
}

/** How long things take, ms: medians. */
export interface Durations {
  readonly startMs: number;
  readonly verifyMs: number;
  readonly repairMs: number;
  readonly cleanupMs: number;
  readonly provisionMs: number;
  readonly jobMs: number;
  readonly gatherMs: number;
}

/** How often the network does something to a question to the database, 0 to 1 each. */
export interface NetworkRates {
  /** It takes some ms. */
  readonly slow: number;
  /** It takes seconds. */
  readonly stalls: number;
  readonly losesRequest: number;
  readonly losesAnswer: number;
  /** A change loses against somebody else who has its rows. */
  readonly conflicts: number;
  /** News of events is lost; who waits for it looks by itself later. */
  readonly losesNews: number;
}

/** What is asked of the lab. */
export interface Workload {
  readonly jobs: number;
  /** Time between submissions, ms: mean. */
  readonly arrivalMs: number;
  readonly owners: readonly { readonly login: string; readonly weight: number; readonly maxHosts?: number }[];
  readonly priorities: readonly number[];
  /** Label expressions; '' asks for nothing. */
  readonly needs: readonly string[];
  /** Whether jobs use everything that jobs can: groups, named hosts, dependencies, retries, limits, reservations. */
  readonly isVaried: boolean;
}

/** Everything that a simulation begins with. It and the seed decide every step. */
export interface Scenario {
  readonly hosts: readonly ScenarioHosts[];
  readonly dispatchers: readonly ScenarioDispatcher[];
  readonly limits: Partial<DispatcherLimits>;
  readonly rates: Rates;
  readonly durations: Durations;
  readonly network: NetworkRates;
  readonly workload: Workload;
  /** Mean time between two troubles (something dies, hangs or comes back; somebody changes something), ms. Infinity: none. */
  readonly troubleMs: number;
  /** For how long there are troubles at least, ms after the start. */
  readonly troubleForMs: number;
  /** So many events of the simulated world happen before it is mended. */
  readonly minSteps: number;
  /** Whether one part stays dead when everything else is mended. */
  readonly leavesOneDead: boolean;
}

export const noRates: Rates = { verifyFails: 0, repairFails: 0, testsFail: 0, infraFails: 0, hangs: 0 };
export const goodNetwork: NetworkRates = {
  slow: 0,
  stalls: 0,
  losesRequest: 0,
  losesAnswer: 0,
  conflicts: 0,
  losesNews: 0,
};
