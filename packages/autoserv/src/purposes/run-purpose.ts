import { NotSupportedError } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import type { SessionEnd } from '../session/session.ts';
import { cleanUp } from './cleanup.ts';
import { gather } from './gather.ts';
import { runJob } from './job.ts';
import { repair } from './repair.ts';
import { verify } from './verify.ts';

export interface PurposeEnd {
  /** What clients said of how they ended. */
  readonly clients: readonly SessionEnd[];
}

/** Does what the execution is for. @throws what makes the execution an infrastructure failure */
export async function runPurpose(context: ExecutionContext): Promise<PurposeEnd> {
  switch (context.spec.purpose) {
    case 'job':
      return runJob(context);
    case 'verify':
      await verify(context);
      return { clients: [] };
    case 'repair':
      await repair(context);
      return { clients: [] };
    case 'cleanup':
      await cleanUp(context);
      return { clients: [] };
    case 'gather':
      await gather(context);
      return { clients: [] };
    case 'provision':
      throw new NotSupportedError('Provisioning a host', 'Install it by other means and verify it.');
  }
}
