import { UsageError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { provisionHost } from '../provision/provision-host.ts';
import { runHostSteps } from '../steps/run-steps.ts';

/** Installs the image that the spec names on its hosts. @throws what went wrong with the first host that failed */
export async function provision(context: ExecutionContext): Promise<void> {
  const { image, hosts } = context.spec;
  if (image === undefined) throw new UsageError('The spec of this execution names no image.');
  for (const host of hosts)
    context.recorder.append({ kind: 'phase', phase: 'provisioning', host: host.name, message: image });
  await runHostSteps(context, 'provision', [{ name: `install ${image}`, run: (host) => provisionHost(host, image) }]);
}
