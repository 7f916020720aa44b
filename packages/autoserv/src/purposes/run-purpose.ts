import type { Purpose } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import type { SessionEnd } from '../session/session.ts';
import { removeTmpDirs } from '../session/remove-tmp-dirs.ts';
import { cleanUp } from './cleanup.ts';
import { gather } from './gather.ts';
import { runJob } from './job.ts';
import { provision } from './provision.ts';
import { repair } from './repair.ts';
import { verify } from './verify.ts';

export interface PurposeEnd {
  /** What clients said of how they ended. */
  readonly clients: readonly SessionEnd[];
}

/** Does what the execution is for. @throws what makes the execution an infrastructure failure */
export async function runPurpose(context: ExecutionContext): Promise<PurposeEnd> {
  try {
    if (context.spec.purpose === 'job') return await runJob(context);
    await withoutJob[context.spec.purpose](context);
    return { clients: [] };
  } finally {
    await removeTmpDirs(context);
  }
}

const withoutJob: Readonly<Record<Exclude<Purpose, 'job'>, (context: ExecutionContext) => Promise<void>>> = {
  verify,
  repair,
  cleanup: cleanUp,
  gather,
  provision,
};
