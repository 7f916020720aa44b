import { NotSupportedError } from '../../../errors/autotest-error.ts';
import type { SchedulingStore } from '../../database.ts';
import type { Session } from '../../session.ts';

export function schedulingStore(session: Session): SchedulingStore {
  const no = (): never => {
    throw new NotSupportedError(`Scheduling on ${session.engine}`, 'Use a later version.');
  };
  return { snapshot: no, write: no, setWaiting: no, extendLeases: no, heartbeat: no, ingest: no };
}
