import { join } from 'node:path';
import type { ExecutionSpec, HostSpec, RecordBody } from '@autotest/core';
import { HostConnection } from '../hosts/connection.ts';
import type { Consoles } from '../console/consoles.ts';
import type { Recorder } from './recorder.ts';
import type { Stopper } from './stop.ts';

/** What every part of an execution has at hand. */
export interface ExecutionContext {
  readonly spec: ExecutionSpec;
  readonly recorder: Recorder;
  readonly stopper: Stopper;
  /** Something happened: the execution is not idle. */
  readonly active: () => void;
  readonly settings: ExecutionSettings;
  /** By name of the host. */
  readonly connections: Map<string, HostConnection>;
  readonly env: NodeJS.ProcessEnv;
  /** Consoles of the hosts, while they are open. */
  consoles?: Consoles;
}

/** Limits and places that the spec does not name. */
export interface ExecutionSettings {
  /** client.mjs to install on hosts. */
  readonly clientFile: string;
  readonly connectTimeoutMs: number;
  /** How long a host may take for a reboot, everything together. */
  readonly rebootMs: number;
  /** How long a host that answers as before may take to go down, until a rougher way is tried. */
  readonly rebootStepMs: number;
  /** How long a host that went down may take to boot, until its power is cycled. */
  readonly bootMs: number;
  /** Directory with the lab's own steps of verify and repair. */
  readonly stepsDir?: string;
  /** Free bytes a host must have in the client's directory. */
  readonly minFreeBytes: number;
  /** Difference of clocks from which on a warning is recorded. */
  readonly maxClockSkewMs: number;
  /** From a request to end until nothing is waited for any more. */
  readonly stopMs: number;
  /** Directories on hosts with further tests. */
  readonly testDirs: readonly string[];
}

/** Connections for the hosts of a spec; nothing is connected yet. */
export function makeConnections(
  spec: ExecutionSpec,
  settings: Pick<ExecutionSettings, 'connectTimeoutMs'>,
  record: (body: RecordBody) => void,
  env: NodeJS.ProcessEnv,
): Map<string, HostConnection> {
  const firstAttempts = spec.purpose === 'job' ? 3 : 1;
  const connect = (host: HostSpec): HostConnection =>
    new HostConnection(host, {
      reconnectMs: spec.limits.reconnectMs,
      connectTimeoutMs: settings.connectTimeoutMs,
      firstAttempts,
      record,
      env,
    });
  return new Map(spec.hosts.map((host) => [host.name, connect(host)]));
}

export function crashDir(spec: ExecutionSpec, host: string): string {
  return join(spec.resultsDir, `crashinfo.${host}`);
}
