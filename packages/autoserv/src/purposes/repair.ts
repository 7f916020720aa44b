import type { ExecutionContext } from '../execution/context.ts';
import { repairHost } from '../steps/repair/repair-host.ts';
import { onEachHost } from '../steps/run-steps.ts';
import { loadUserSteps } from '../steps/user/load-user-steps.ts';

/** Brings hosts back, as far as their protection allows. @throws what is still wrong with the first host that nothing helped */
export async function repair(context: ExecutionContext): Promise<void> {
  for (const host of context.spec.hosts)
    context.recorder.append({ kind: 'phase', phase: 'repairing', host: host.name });
  const user = await loadUserSteps(context);
  await onEachHost(context, 'repair', (host, scope) => repairHost(host, scope, user));
}
