/**
 * Fixtures for tests of Autotest and of what is built on it.
 *
 * @module
 */
export { makeTestDatabase } from './database.ts';
export { newJob } from './new-job.ts';
export { canBoot, hasSshd, startSshd, type Sshd, type SshdHost } from './sshd.ts';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { ManualClock } from '../time/manual-clock.ts';
export { parseMetrics, type ParsedMetric } from './parse-metrics.ts';
export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';
export { findServices, missingService, type Services } from './services.ts';
export { startSlurm, type SlurmTestOptions, type TestSlurm } from './slurm.ts';
export { startMariaDb, type TestMariaDb } from './mariadb.ts';
export { TestServiceError } from './errors.ts';
export { Random } from './simulation/random.ts';
export { coarse, settle, SimulatedClock } from './simulation/simulated-clock.ts';
export { SimulatedProcess, type SimulatedMachine } from './simulation/simulated-process.ts';
export { SimulatedDatabase, type SimulatedConnection } from './simulation/simulated-database.ts';
export { ConnectionLostError, overNetwork, type NetworkRules, type Passage } from './simulation/over-network.ts';
export { FakePower } from './fake-power.ts';
