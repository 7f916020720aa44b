import { NotSupportedError, type SpecJob } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import type { SessionEnd } from '../session/session.ts';

/** Runs a server control file in this process. */
export async function runServerControl(_context: ExecutionContext, _job: SpecJob): Promise<SessionEnd> {
  throw new NotSupportedError('Server control', '');
}
