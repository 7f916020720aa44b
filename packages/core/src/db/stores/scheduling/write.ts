import type { SchedulingWrite } from '../../database.ts';
import type { Tx } from '../../session.ts';
import { closeNodes } from '../results/close-nodes.ts';
import { addExecution, moveExecution } from './executions.ts';
import { passLease, releaseLease, takeLease } from './leases.ts';
import { moveEntry } from './move-entry.ts';
import { moveHost } from './move-host.ts';
import { addTask, moveTask } from './tasks.ts';

/** What a dispatcher can do within one transaction. */
export function schedulingWrite(tx: Tx): SchedulingWrite {
  return {
    moveEntry: (entry, move, patch) => moveEntry(tx, entry, move, patch),
    moveHost: (host, move, patch) => moveHost(tx, host, move, patch),
    addTask: (task) => addTask(tx, task),
    moveTask: (task, move, patch) => moveTask(tx, task, move, patch),
    addExecution: (execution) => addExecution(tx, execution),
    moveExecution: (execution, move, patch) => moveExecution(tx, execution, move, patch),
    takeLease: (hostId, holder, dispatcherId, untilMs) => takeLease(tx, hostId, holder, dispatcherId, untilMs),
    passLease: (hostId, epoch, holder) => passLease(tx, hostId, epoch, holder),
    releaseLease: (hostId, epoch) => releaseLease(tx, hostId, epoch),
    closeNodes: (executionId, outcome, reason) => closeNodes(tx, executionId, outcome, reason),
    async event(event) {
      tx.emit(event);
    },
  };
}
