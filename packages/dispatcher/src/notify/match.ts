import type { EventRow } from '@autotest/core';
import type { HostRow, JobRow, NotificationRuleRow } from '@autotest/core/db';

/** Something that rules can be told of. */
export type Occurrence =
  | { readonly kind: 'job.finished' | 'job.started'; readonly event: EventRow; readonly job: JobRow }
  | { readonly kind: 'host.setAside'; readonly event: EventRow; readonly host: HostRow };

/** How far the clocks of database and API server may be apart. */
const clockSkewMs = 5000;

/** Whether a rule wants to hear of it. Owner, name, suite and outcomes are asked of jobs only. */
export function isToldOf(rule: NotificationRuleRow, occurrence: Occurrence): boolean {
  const { on = ['job.finished'], outcomes, owner, nameContains, suiteId } = rule.filter;
  if (!on.includes(occurrence.kind)) return false;
  // What is read again after a restart is older than rules that were added meanwhile.
  if (occurrence.event.t + clockSkewMs < rule.createdAt) return false;
  if (occurrence.kind === 'host.setAside') return rule.jobId === undefined;
  const { job, kind } = occurrence;
  if (rule.jobId !== undefined && rule.jobId !== job.id) return false;
  if (kind === 'job.finished' && outcomes !== undefined && !outcomes.some((outcome) => outcome === job.outcome))
    return false;
  if (owner !== undefined && owner !== job.owner) return false;
  if (nameContains !== undefined && !job.name.toLowerCase().includes(nameContains.toLowerCase())) return false;
  return suiteId === undefined || suiteId === job.suiteId;
}
