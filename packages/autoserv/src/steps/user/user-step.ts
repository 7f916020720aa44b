import {
  AutotestError,
  evaluateLabels,
  formatDuration,
  messageOf,
  parseDuration,
  parseLabelExpression,
  type HostStepDefinition,
  type StepVerdict,
} from '@autotest/core';
import { HostUnfitError } from '../../errors.ts';
import type { HostStep, StepHost } from '../host-step.ts';
import type { HostUnderWork } from '../run-steps.ts';
import type { Problem, RepairRung } from '../repair/rung.ts';
import { makeStepTarget } from './step-target.ts';

const defaultTimeout = '10 minutes';

export function asHostStep(definition: HostStepDefinition): HostStep {
  return {
    name: definition.name,
    run: async (host) => {
      if (!fits(definition, host)) return { outcome: 'skip', reason: `only for hosts with ${definition.needs}` };
      return carryOut(definition, host);
    },
  };
}

export function asRepairRung(definition: HostStepDefinition): RepairRung {
  return {
    ...asHostStep(definition),
    reach: definition.reach ?? 'software',
    cannotHelp: (problem: Problem, host: HostUnderWork) => {
      if (!fits(definition, host)) return `only for hosts with ${definition.needs}`;
      if (definition.after && !definition.after.includes(problem.step))
        return `only after a failure of ${definition.after.join(' or ')}`;
      return undefined;
    },
  };
}

function fits({ needs }: HostStepDefinition, { spec }: Pick<StepHost, 'spec'>): boolean {
  return needs === undefined || evaluateLabels(parseLabelExpression(needs), spec.labels);
}

/** Code of the lab's people runs in autoserv: one that never returns must not hold the host for ever. */
async function carryOut(definition: HostStepDefinition, host: StepHost): Promise<StepVerdict> {
  const timeoutMs = parseDuration(definition.timeout ?? defaultTimeout);
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([limit, host.context.stopper.signal]);
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () =>
        reject(
          limit.aborted
            ? new HostUnfitError(
                host.spec.name,
                `the step ${definition.name} did not end within ${formatDuration(timeoutMs)}`,
                'Look at its log.',
              )
            : signal.reason,
        ),
      { once: true },
    );
  });
  over.catch(() => {});
  try {
    return (await Promise.race([definition.run(makeStepTarget(host, signal)), over])) ?? { outcome: 'pass' };
  } catch (error) {
    host.context.stopper.signal.throwIfAborted();
    if (error instanceof AutotestError) throw error;
    throw new HostUnfitError(
      host.spec.name,
      `the step ${definition.name} says: ${messageOf(error)}`,
      'Look at its log.',
      { cause: error },
    );
  }
}
