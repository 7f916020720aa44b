import type { Protection } from '@autotest/core';
import type { HostStep } from '../host-step.ts';
import type { HostUnderWork } from '../run-steps.ts';

/** How far a repair step reaches into a host. */
export type Reach = 'looking' | 'filesystem' | 'software' | 'machine';

/** A step that may bring a host back; after each that did something, the host is verified again. */
export interface RepairRung extends HostStep {
  readonly reach: Reach;
  /** Why it cannot help with this; undefined where it may. */
  cannotHelp(problem: Problem, host: HostUnderWork): string | undefined;
}

/** What a verify found. */
export interface Problem {
  /** The step that failed. */
  readonly step: string;
  readonly error: unknown;
}

const allowed: Readonly<Record<Protection, readonly Reach[]>> = {
  none: ['looking', 'filesystem', 'software', 'machine'],
  repairSoftwareOnly: ['looking', 'filesystem', 'software'],
  repairFilesystemOnly: ['looking', 'filesystem'],
  doNotRepair: ['looking'],
  doNotVerify: ['looking'],
};

export function mayReach(protection: Protection, reach: Reach): boolean {
  return allowed[protection].includes(reach);
}

export function codeOf({ error }: Problem): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'AT_INTERNAL';
}

/** Nothing came back from it, so nothing can be done on it. */
export function isOutOfReach(problem: Problem): boolean {
  return ['AT_HOST_UNREACHABLE', 'AT_HOST_LOST'].includes(codeOf(problem));
}

/** It answers and keeps us out: waiting and rebooting change nothing. */
export function keepsUsOut(problem: Problem): boolean {
  return ['AT_HOST_AUTH', 'AT_HOST_KEY_MISMATCH'].includes(codeOf(problem));
}
