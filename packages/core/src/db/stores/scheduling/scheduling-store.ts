import type { SchedulingStore } from '../../database.ts';
import type { Session } from '../../session.ts';
import { durationsSince } from '../durations/read.ts';
import { ingest } from '../results/ingest.ts';
import { Change } from './change.ts';
import { commit } from './commit.ts';
import { beat, declareDead, leave, listDispatchers, registerDispatcher, setDraining } from './dispatchers.ts';
import { idsForChange, reserveIds } from './ids.ts';
import { loadOpen, loadRows } from './load.ts';
import { resignRole, takeRole } from './roles.ts';
import { loadRules } from './rules.ts';
import { setWaits } from './waits.ts';

/** A single change makes few. */
const maxNewRows = 16;

export function schedulingStore(session: Session): SchedulingStore {
  return {
    load: () => loadOpen(session),
    reload: (ids) => loadRows(session, ids),
    rules: () => loadRules(session),
    durations: (changedSince) => durationsSince(session, changedSince),
    reserveIds: (table, count) => reserveIds(session, table, count),
    commit: (changes, fence) => commit(session, changes, fence),
    async write(work) {
      const change = new Change(session.clock.now(), await idsForChange(session, maxNewRows));
      const result = work(change);
      const { committed } = await commit(session, [change], undefined);
      return committed[0] ? result : undefined;
    },
    setWaits: (waits, fence) => setWaits(session, waits, fence),
    takeRole: (name, fence) => takeRole(session, name, fence),
    resignRole: (name, fence) => resignRole(session, name, fence),
    register: (dispatcher) => registerDispatcher(session, dispatcher),
    beat: (dispatcher) => beat(session, dispatcher),
    declareDead: (dispatcher) => declareDead(session, dispatcher),
    leave: (dispatcher) => leave(session, dispatcher),
    setDraining: (id, draining, by) => setDraining(session, id, draining, by),
    dispatchers: () => listDispatchers(session),
    ingest: (executionId, batch, fence) => ingest(session, executionId, batch, fence),
  };
}
