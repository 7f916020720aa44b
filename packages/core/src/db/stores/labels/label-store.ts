import { sql } from 'kysely';
import type { LabelStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { LabelRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { fromJson, orNull, rowReader, toFlag } from '../../values.ts';
import { updateLabels } from '../hosts/update-labels.ts';

const labelRow = rowReader<LabelRow>({ flags: ['onlyIfNeeded'] });

export function labelStore(session: Session): LabelStore {
  return {
    set: (label, by) => setLabel(session, label, by),
    remove: (name, by) => removeLabel(session, name, by),
    list: () => listLabels(session),
  };
}

function setLabel(session: Session, label: LabelRow, by: string): Promise<LabelRow> {
  return session.write(async (tx) => {
    const { name, description, onlyIfNeeded } = label;
    const row = { name, description: orNull(description), onlyIfNeeded: toFlag(onlyIfNeeded) };
    await upsert(tx, 'labels', [row], { key: ['name'], update: ['description', 'onlyIfNeeded'] });
    tx.emit({ kind: 'label.changed', data: { name, onlyIfNeeded, by } });
    return labelRow(row);
  });
}

function removeLabel(session: Session, name: string, by: string): Promise<number> {
  return session.write(async (tx) => {
    const { numDeletedRows } = await tx.db.deleteFrom('labels').where('name', '=', name).executeTakeFirst();
    const carriers = await tx.db
      .selectFrom('hosts')
      .select('id')
      .where(sql<boolean>`instr(labels, ${JSON.stringify(name)}) > 0`)
      .execute();
    const ids = carriers.map(({ id }) => id);
    const { length } = await updateLabels(session, ids, { remove: [name] }, by);
    if (numDeletedRows === 0n && length === 0) throw new NotFoundError('label', name);
    tx.emit({ kind: 'label.changed', data: { name, removed: true, by } });
    return length;
  });
}

function listLabels(session: Session): Promise<(LabelRow & { hosts: number })[]> {
  return session.readConsistently(async (db) => {
    const described = (await db.selectFrom('labels').selectAll().execute()).map(labelRow);
    const all = new Map(described.map((label) => [label.name, { ...label, hosts: 0 }]));
    for (const host of await db.selectFrom('hosts').select('labels').execute()) {
      for (const name of fromJson<string[]>(host.labels)) {
        const known = all.get(name) ?? { name, onlyIfNeeded: false, hosts: 0 };
        all.set(name, { ...known, hosts: known.hosts + 1 });
      }
    }
    return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}
