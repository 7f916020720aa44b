import type { EventRow } from '@autotest/core';
import type { NewDelivery } from '@autotest/core/db';
import { describe } from './describe.ts';
import { isToldOf } from './match.ts';
import { occurrenceKinds, occurrencesOf } from './occurrences.ts';
import type { NotifierSettings } from './options.ts';

const batchSize = 200;
/** Events without news after which the cursor is written down all the same: so many are read again after a restart. */
const storeEvery = 500;

/**
 * Turns events into deliveries. Messages are written outside of transactions, so that nobody waits for them; then one short transaction moves the cursor and
 * queues them, unless somebody else has moved it. Killed before that: they are written again. After: they are queued.
 */
export class EventReader {
  readonly #settings: NotifierSettings;
  /** The cursor as we know it; undefined before the first look. */
  #stored: number | undefined;
  /** Up to here everything was looked at. */
  #position = 0;

  constructor(settings: NotifierSettings) {
    this.#settings = settings;
  }

  /** Looks at everything new. True: there may be something to send. */
  async read(): Promise<boolean> {
    const { database } = this.#settings;
    let isNews = false;
    for (;;) {
      const stored = this.#stored ?? (await this.#load());
      const { events, cursor, hasMore } = await database.events.page(this.#position, {
        first: batchSize,
        kinds: [...occurrenceKinds, 'notification.changed'],
      });
      const deliveries = await this.#deliveriesOf(events);
      if (deliveries.length > 0 || cursor - stored >= storeEvery) {
        if (!(await this.#advance(stored, cursor, deliveries))) continue;
      }
      this.#position = cursor;
      isNews ||= deliveries.length > 0 || events.some(({ data }) => data.change === 'queued');
      if (!hasMore) return isNews;
    }
  }

  /** Writes down how far it came. */
  async close(): Promise<void> {
    if (this.#stored !== undefined && this.#position > this.#stored)
      await this.#advance(this.#stored, this.#position, []);
  }

  async #load(): Promise<number> {
    this.#stored = await this.#settings.database.notifications.cursor();
    this.#position = this.#stored;
    return this.#stored;
  }

  /** False: somebody else was faster, and we go on from where the cursor is now. */
  async #advance(fromId: number, toId: number, deliveries: readonly NewDelivery[]): Promise<boolean> {
    const isDone = await this.#settings.database.notifications.advance({ fromId, toId, deliveries });
    this.#stored = isDone ? toId : undefined;
    return isDone;
  }

  async #deliveriesOf(events: readonly EventRow[]): Promise<NewDelivery[]> {
    const { database, clock, limits, publicUrl, log } = this.#settings;
    const since = clock.now() - limits.maxEventAgeMs;
    const occurrences = await occurrencesOf(
      database,
      events.filter(({ t, kind }) => t >= since && kind !== 'notification.changed'),
    );
    if (occurrences.length === 0) return [];
    const jobIds = occurrences.flatMap((one) => (one.kind === 'host.setAside' ? [] : [one.job.id]));
    const rules = await database.notifications.rulesAbout([...new Set(jobIds)]);
    const deliveries: NewDelivery[] = [];
    for (const occurrence of occurrences) {
      const told = rules.filter((rule) => isToldOf(rule, occurrence));
      if (told.length === 0) continue;
      const { id: eventId, jobId } = occurrence.event;
      const payload = JSON.stringify(await describe(database, occurrence, publicUrl));
      for (const rule of told)
        deliveries.push({ ruleId: rule.id, eventId, payload, ...(jobId !== undefined && { jobId }) });
      log.debug('notifications are due', { event: eventId, kind: occurrence.kind, job: jobId, rules: told.length });
    }
    return deliveries;
  }
}
