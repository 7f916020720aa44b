import { messageOf } from '@autotest/core';
import { inNode, type StepResult } from '../../execution/nodes.ts';
import type { HostStep } from '../host-step.ts';
import { runStep, type HostUnderWork } from '../run-steps.ts';
import { verifySteps } from '../verify/verify-steps.ts';
import { freeDisk } from './free-disk.ts';
import { powerCycle } from './power-cycle.ts';
import { reboot } from './reboot.ts';
import { reinstall } from './reinstall.ts';
import { restartSshd } from './restart-sshd.ts';
import { mayReach, type Problem, type RepairRung } from './rung.ts';
import { waitForHost } from './wait-for-host.ts';

/** Steps that the lab's people added. */
export interface AddedSteps {
  readonly verify: readonly HostStep[];
  readonly repair: readonly RepairRung[];
}

/** Gentlest first; what people added stands before anything that makes the host boot. */
function rungs({ repair }: AddedSteps): RepairRung[] {
  return [waitForHost, restartSshd, freeDisk, ...repair, reboot, powerCycle, reinstall];
}

/**
 * Verifies a host and, while something is wrong, tries what may help and is allowed, one step after another, with a verify after each that did something.
 * The step that helped is the keyval `repaired_by`, what was wrong `repaired_problem`: what fixes hosts is a question to the rows.
 *
 * @throws what the last verify found, when nothing helped
 */
export async function repairHost(
  host: HostUnderWork,
  scope: readonly string[],
  added: AddedSteps,
): Promise<StepResult> {
  const { context, spec } = host;
  const verifyAgain = verifier(host, scope, added);
  const first = await verifyAgain();
  if (!first) return { outcome: 'pass', reason: 'nothing was wrong' };
  let problem = first;
  for (const rung of rungs(added)) {
    const why = mayReach(spec.protection, rung.reach)
      ? rung.cannotHelp(problem, host)
      : `the host's protection is ${spec.protection}`;
    if (why !== undefined) {
      context.recorder.append({ kind: 'node.result', node: 'test', name: rung.name, outcome: 'skip', reason: why }, [
        ...scope,
        rung.name,
      ]);
      continue;
    }
    if (!(await didSomething(host, scope, rung))) continue;
    const next = await verifyAgain();
    if (!next) {
      context.recorder.append({
        kind: 'keyval',
        values: { repaired_by: rung.name, repaired_problem: `${first.step}: ${messageOf(first.error)}`.slice(0, 500) },
      });
      return { outcome: 'pass', reason: `repaired by: ${rung.name}` };
    }
    problem = next;
  }
  throw problem.error;
}

/** A step that fails is no reason not to try the next. */
async function didSomething(host: HostUnderWork, scope: readonly string[], rung: RepairRung): Promise<boolean> {
  try {
    return (await runStep(host, scope, rung, { tentative: true })).outcome !== 'skip';
  } catch {
    host.context.stopper.signal.throwIfAborted();
    return false;
  }
}

function verifier(
  host: HostUnderWork,
  scope: readonly string[],
  added: AddedSteps,
): () => Promise<Problem | undefined> {
  let count = 0;
  return async () => {
    count += 1;
    const below = [...scope, count === 1 ? 'verify' : `verify#${count}`];
    let problem: Problem | undefined;
    await inNode(host.context.recorder, below, { node: 'group', host: host.spec.name }, async () => {
      for (const step of [...verifySteps(), ...added.verify]) {
        try {
          await runStep(host, below, step, { tentative: true });
        } catch (error) {
          host.context.stopper.signal.throwIfAborted();
          problem = { step: step.name, error };
          return {
            outcome: 'warn',
            original: 'fail',
            reason: `${step.name}: ${messageOf(error)}`.slice(0, 1000),
          };
        }
      }
      return { outcome: 'pass' };
    });
    return problem;
  };
}
