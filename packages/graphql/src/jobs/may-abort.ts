import type { Database, JobRow } from '@autotest/core/db';
import { requireOwner, type Principal } from '../auth/principal.ts';

/**
 * Whether somebody may abort a job: its owner and administrators may; of the others those who share an ACL group with each host that it would be taken from.
 * A host that is in no group, or still to be chosen, gives nobody a say.
 *
 * @throws ForbiddenError
 */
export async function requireAbort(database: Database, principal: Principal, job: JobRow): Promise<void> {
  const { login, role } = principal.user;
  if (role === 'user' && login !== job.owner && (await sharesAllHosts(database, login, job.id))) return;
  requireOwner(principal, job.owner, `abort job ${job.id}`);
}

async function sharesAllHosts({ jobs, access }: Database, login: string, jobId: number): Promise<boolean> {
  const entries = (await jobs.entries(jobId)).filter(({ state }) => state !== 'finished');
  const mine = new Set((await access.groupsOf(login)).flatMap((group) => group.hostIds));
  return entries.length > 0 && entries.every(({ hostId }) => hostId !== undefined && mine.has(hostId));
}
