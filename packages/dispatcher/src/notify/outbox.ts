import { Deadline, messageOf, sleep } from '@autotest/core';
import type { ClaimedDelivery, DueDelivery, NotificationRuleRow } from '@autotest/core/db';
import type { Channel, SendResult } from './channel.ts';
import type { NotifierSettings } from './options.ts';
import { retryDelayMs } from './retry.ts';

type Channels = Readonly<Record<NotificationRuleRow['channel'], Channel>>;

/** Targets that one look at the database can find. */
const maxDue = 500;
/** From the end of an attempt until its result is written down. */
const settleMs = 30_000;

/**
 * Sends what is due. Each target has a lane with few places, and whatever is claimed has a place: what waits for a slow target stays in the database and keeps
 * nobody else from being sent.
 *
 * Killed while it sends: the claim runs out, and it is sent again under the same name. Killed between sending and writing that down: the same.
 */
export class Outbox {
  readonly #settings: NotifierSettings;
  readonly #channels: Channels;
  readonly #onFree: () => void;
  readonly #lanes = new Map<string, number>();
  readonly #sends = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  /** @param onFree an attempt has ended, so another one may begin */
  constructor(settings: NotifierSettings, channels: Channels, onFree: () => void) {
    this.#settings = settings;
    this.#channels = channels;
    this.#onFree = onFree;
  }

  /** Begins as many attempts as have a place. */
  async send(): Promise<void> {
    const { database, clock, limits } = this.#settings;
    if (this.#sends.size >= limits.maxSends) return;
    const now = clock.now();
    const due = await database.notifications.due({ now, first: maxDue, perTarget: limits.perTarget });
    const claimed = await database.notifications.claim(this.#choose(due), {
      now,
      untilMs: now + limits.sendTimeoutMs + settleMs,
    });
    for (const one of claimed) this.#begin(one);
  }

  /** Waits a little for attempts that run, breaks off the others, and puts back what was not sent. */
  async stop(): Promise<void> {
    const { clock, limits } = this.#settings;
    const patience = new AbortController();
    const all = Promise.all(this.#sends);
    const wait = sleep(limits.stopMs, { clock, signal: patience.signal }).catch(() => undefined);
    await Promise.race([all, wait]);
    patience.abort();
    this.#stopping.abort(new Error('the notifier stops'));
    await all;
  }

  #choose(due: readonly DueDelivery[]): number[] {
    const { perTarget, maxSends } = this.#settings.limits;
    const places = new Map(this.#lanes);
    const chosen: number[] = [];
    for (const { id, channel, target } of due) {
      const lane = this.#channels[channel].laneOf(target);
      const taken = places.get(lane) ?? 0;
      if (taken >= perTarget) continue;
      if (this.#sends.size + chosen.length >= maxSends) break;
      places.set(lane, taken + 1);
      chosen.push(id);
    }
    return chosen;
  }

  #begin(claimed: ClaimedDelivery): void {
    const { channel, target } = claimed.rule;
    const lane = this.#channels[channel].laneOf(target);
    this.#lanes.set(lane, (this.#lanes.get(lane) ?? 0) + 1);
    const send = this.#carryOut(claimed).finally(() => {
      this.#sends.delete(send);
      const left = (this.#lanes.get(lane) ?? 1) - 1;
      if (left > 0) this.#lanes.set(lane, left);
      else this.#lanes.delete(lane);
      this.#onFree();
    });
    this.#sends.add(send);
  }

  async #carryOut(claimed: ClaimedDelivery): Promise<void> {
    const { log } = this.#settings;
    const { delivery, rule } = claimed;
    try {
      const result = await this.#attempt(claimed);
      log.debug('an attempt to notify ended', { delivery: delivery.id, rule: rule.id, ...result });
      await this.#settle(claimed, result);
    } catch (error) {
      // Its claim runs out, and it is tried again.
      log.error('what came of a notification could not be written down', { delivery: delivery.id, error });
    }
  }

  async #attempt(claimed: ClaimedDelivery): Promise<SendResult> {
    const { clock, limits } = this.#settings;
    const deadline = new Deadline(limits.sendTimeoutMs, { clock, what: 'an attempt', signal: this.#stopping.signal });
    try {
      return await this.#channels[claimed.rule.channel].send(claimed, deadline.signal);
    } catch (error) {
      const reason: unknown = deadline.signal.aborted ? deadline.signal.reason : error;
      return { kind: 'retry', problem: messageOf(reason) };
    } finally {
      deadline.dispose();
    }
  }

  async #settle({ delivery, rule }: ClaimedDelivery, result: SendResult): Promise<void> {
    const { database, clock, count, limits, log } = this.#settings;
    const { notifications } = database;
    if (result.kind === 'sent') {
      await notifications.markSent(delivery, result.problem);
      count(rule.channel, 'sent');
      return;
    }
    const { problem } = result;
    if (result.kind === 'retry' && this.#stopping.signal.aborted) {
      await notifications.giveBack(delivery);
      return;
    }
    const delayMs = result.kind === 'retry' ? retryDelayMs(delivery.attempts, limits, result.afterMs) : undefined;
    const isOurs = await notifications.markFailed(delivery, {
      problem,
      ...(delayMs !== undefined && { nextAt: Math.ceil(clock.now() + delayMs) }),
    });
    if (delayMs === undefined) {
      log.warn('a notification failed', { delivery: delivery.id, rule: rule.id, problem });
      count(rule.channel, 'failed');
    }
    if (isOurs && result.kind === 'failed' && result.isGone)
      await notifications.updateRule(rule.id, { enabled: false, reason: problem }, 'notifier');
  }
}
