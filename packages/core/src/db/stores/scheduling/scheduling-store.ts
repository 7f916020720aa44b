import type { SchedulingStore } from '../../database.ts';
import { LostRace } from '../../errors.ts';
import type { Session } from '../../session.ts';
import { ingest } from '../results/ingest.ts';
import { beat, declareDead, listDispatchers, registerDispatcher, setDraining } from './dispatchers.ts';
import { extendLeases } from './leases.ts';
import { readSnapshot } from './snapshot.ts';
import { setWaits } from './waits.ts';
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
    setWaits: (waits) => setWaits(session, waits),
    extendLeases: (dispatcherId, untilMs) => extendLeases(session, dispatcherId, untilMs),
    register: (dispatcher) => registerDispatcher(session, dispatcher),
    beat: (dispatcher) => beat(session, dispatcher),
    declareDead: (dispatcher) => declareDead(session, dispatcher),
    setDraining: (id, draining, by) => setDraining(session, id, draining, by),
    dispatchers: () => listDispatchers(session),
    ingest: (executionId, batch) => ingest(session, executionId, batch),
  };
}
