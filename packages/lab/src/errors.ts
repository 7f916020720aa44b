import { AutotestError } from '@autotest/core';

/** Thrown when something of a lab cannot be made or does not do what a machine of its kind does. */
export class LabError extends AutotestError {
  constructor(message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super('AT_LAB', message, options);
    this.name = 'LabError';
  }
}
