import type { SchedulingStore } from '../../database.ts';
import { LostRace } from '../../errors.ts';
import type { Session } from '../../session.ts';
import { ingest } from '../results/ingest.ts';
import { heartbeat, listDispatchers } from './heartbeat.ts';
import { extendLeases } from './leases.ts';
import { readSnapshot } from './snapshot.ts';
import { setWaiting } from './waiting.ts';
import { schedulingWrite } from './write.ts';

export function schedulingStore(session: Session): SchedulingStore {
  return {
    snapshot: () => readSnapshot(session),
    async write(work) {
      try {
        return await session.write((tx) => work(schedulingWrite(tx)));
      } catch (error) {
        if (error instanceof LostRace) return undefined;
        throw error;
      }
    },
    setWaiting: (reasons) => setWaiting(session, reasons),
    extendLeases: (dispatcherId, untilMs) => extendLeases(session, dispatcherId, untilMs),
    heartbeat: (dispatcher) => heartbeat(session, dispatcher),
    dispatchers: () => listDispatchers(session),
    ingest: (executionId, batch) => ingest(session, executionId, batch),
  };
}
