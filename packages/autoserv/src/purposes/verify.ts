import type { ExecutionContext } from '../execution/context.ts';
import { runHostSteps } from '../steps/run-steps.ts';
import { loadUserSteps } from '../steps/user/load-user-steps.ts';
import { verifySteps } from '../steps/verify/verify-steps.ts';

/** Checks that the hosts are fit for a job. @throws what makes one unfit */
export async function verify(context: ExecutionContext): Promise<void> {
  for (const host of context.spec.hosts)
    context.recorder.append({ kind: 'phase', phase: 'verifying', host: host.name });
  const user = await loadUserSteps(context);
  await runHostSteps(context, 'verify', [...verifySteps(), ...user.verify]);
}
