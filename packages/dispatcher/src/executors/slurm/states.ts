/** How far a Slurm job has come. */
export type SlurmPhase = 'waiting' | 'running' | 'over';

const over = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMEOUT',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'BOOT_FAIL',
  'DEADLINE',
  'REVOKED',
]);
const waiting = new Set(['PENDING', 'CONFIGURING', 'REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'RESV_DEL_HOLD']);
/** The job's own program ended it: its exit code decides between the two. */
const byItself = new Set(['COMPLETED', 'FAILED']);

/** A state as squeue names it; one that is not known here counts as running, as the job is not over. */
export function phaseOf(state: string): SlurmPhase {
  if (over.has(state)) return 'over';
  return waiting.has(state) ? 'waiting' : 'running';
}

/** Whether Slurm, or somebody through Slurm, ended a job. */
export function wasCut(state: string): boolean {
  return !byItself.has(state);
}
