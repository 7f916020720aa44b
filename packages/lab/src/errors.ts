import { AutotestError } from '@autotest/core';

/** Thrown when a lab, or a machine of it, cannot do what was asked: something did not start, did not answer in time, or is not there. */
export class LabError extends AutotestError {
  constructor(message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super('AT_LAB', message, options);
    this.name = 'LabError';
  }
}

/** Thrown when this machine lacks something that a lab is made of: a program, root, a feature of the kernel. */
export class LabUnfitError extends AutotestError {
  constructor(missing: string, remedy: string) {
    super('AT_LAB_UNFIT', `A lab cannot be made here: ${missing}. ${remedy}`, { details: { missing } });
    this.name = 'LabUnfitError';
  }
}
