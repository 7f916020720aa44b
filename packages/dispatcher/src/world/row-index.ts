import { addTo, removeFrom } from './multimap.ts';

/** Which rows point to something. */
export class RowIndex {
  readonly #ids = new Map<number, Set<number>>();

  has(key: number): boolean {
    return this.#ids.has(key);
  }

  of<Row>(key: number, rows: ReadonlyMap<number, Row>): Row[] {
    return Array.from(this.#ids.get(key) ?? [], (id) => rows.get(id)).filter((row) => row !== undefined);
  }

  move(id: number, from: number | undefined, to: number | undefined): void {
    if (from === to) return;
    if (from !== undefined) removeFrom(this.#ids, from, id);
    if (to !== undefined) addTo(this.#ids, to, id);
  }
}
