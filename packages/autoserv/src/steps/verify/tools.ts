import { HostUnfitError } from '../../errors.ts';
import { execLogged } from '../exec-logged.ts';
import type { HostStep } from '../host-step.ts';

const needed = ['sh', 'cat', 'mkdir', 'mv', 'sha256sum', 'kill'];

export const tools: HostStep = {
  name: 'tools',
  run: async (host) => {
    const result = await execLogged(
      host,
      `for t in ${needed.join(' ')}; do command -v $t >/dev/null || echo $t; done`,
      { timeout: 30_000 },
    );
    const missing = result.stdout.trim().split('\n').filter(Boolean);
    if (missing.length > 0)
      throw new HostUnfitError(host.spec.name, `it lacks ${missing.join(', ')}`, 'Install coreutils or busybox on it.');
  },
};
