import { sql } from 'kysely';
import type { HostStore } from '../../database.ts';
import type { Session } from '../../session.ts';
import { addHost, addHosts } from './add.ts';
import { extendReservation, lockHost, releaseHost, reserveHost, unlockHost } from './hold.ts';
import { requestTask } from './request-task.ts';
import { hostRow } from './row.ts';
import { updateLabels } from './update-labels.ts';
import { pinHostKey, updateHost } from './update.ts';

export function hostStore(session: Session): HostStore {
  return {
    add: (host, by) => addHost(session, host, by),
    addMany: (hosts, by) => addHosts(session, hosts, by),
    update: (id, patch, by) => updateHost(session, id, patch, by),
    async byName(name) {
      const raw = await session.db.selectFrom('hosts').selectAll().where('name', '=', name).executeTakeFirst();
      return raw && hostRow(raw);
    },
    async byId(id) {
      const raw = await session.db.selectFrom('hosts').selectAll().where('id', '=', id).executeTakeFirst();
      return raw && hostRow(raw);
    },
    async list({ first, afterName, state, label }) {
      let query = session.db.selectFrom('hosts').selectAll().orderBy('name').limit(first);
      if (afterName !== undefined) query = query.where('name', '>', afterName);
      if (state !== undefined) query = query.where('state', '=', state);
      // A label with its quotes is found in the text of the list where, and only where, it is an item.
      if (label !== undefined) query = query.where(sql<boolean>`instr(labels, ${JSON.stringify(label)}) > 0`);
      return (await query.execute()).map(hostRow);
    },
    async all() {
      return (await session.db.selectFrom('hosts').selectAll().orderBy('name').execute()).map(hostRow);
    },
    pinKey: (id, key) => pinHostKey(session, id, key),
    updateLabels: (ids, change, by) => updateLabels(session, ids, change, by),
    lock: (id, lock, by) => lockHost(session, id, lock, by),
    unlock: (id, by, { force = false } = {}) => unlockHost(session, id, by, force),
    reserve: (id, reservation, requestedBy) => reserveHost(session, id, reservation, requestedBy),
    extendReservation: (id, reservation) => extendReservation(session, id, reservation),
    release: (id, by, { force = false } = {}) => releaseHost(session, id, by, force),
    requestTask: (id, kind, by) => requestTask(session, id, kind, by),
  };
}
