import type { IdSource, SchedulingStore } from '@autotest/core/db';

type Table = Parameters<IdSource['next']>[0];

const blockSize = 2000;
const lowWater = 1200;

/** Ids reserved in blocks, so that rows get theirs without asking. */
export class Ids implements IdSource {
  readonly #store: Pick<SchedulingStore, 'reserveIds'>;
  readonly #blocks: Record<Table, { next: number; left: number }[]> = { tasks: [], executions: [] };

  constructor(store: Pick<SchedulingStore, 'reserveIds'>) {
    this.#store = store;
  }

  /** Makes sure that there are enough for one turn. */
  async refill(): Promise<void> {
    for (const table of ['tasks', 'executions'] as const) {
      const blocks = this.#blocks[table];
      if (blocks.reduce((sum, { left }) => sum + left, 0) > lowWater) continue;
      blocks.push({ next: await this.#store.reserveIds(table, blockSize), left: blockSize });
    }
  }

  next(table: Table): number {
    const blocks = this.#blocks[table];
    const [first] = blocks;
    if (!first) throw new Error(`no ids of ${table} are left`);
    if (first.left === 1) blocks.shift();
    first.left--;
    return first.next++;
  }
}
