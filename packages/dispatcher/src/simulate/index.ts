/**
 * Simulates labs: the real dispatcher on the real stores, in a world of hosts, processes and networks that a seed decides.
 *
 * @module
 */
export { checkSeeds, type CheckedSeed } from './check-seeds.ts';
export { chaosScenario } from './chaos.ts';
export { contestScenario } from './contest.ts';
export { planLab, type LabPlan, type LabReport, type LabSample, type WaitReport } from './plan-lab.ts';
export { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';
export type * from './scenario.ts';
export { Violation } from './violation.ts';
