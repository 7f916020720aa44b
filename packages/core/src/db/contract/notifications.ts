import type { DeliveryRow, DeliveryState, NotificationFilter, NotificationRuleRow } from '../rows.ts';

/** A rule to be added; it is told of everything that `filter` (empty unless given) lets through, or of its job alone. */
export interface NewNotificationRule extends Omit<NotificationRuleRow, 'id' | 'filter' | 'enabled' | 'createdAt'> {
  readonly filter?: NotificationFilter;
}

/** A message of a rule about an event. */
export interface NewDelivery {
  readonly ruleId: number;
  readonly eventId: number;
  readonly jobId?: number;
  readonly payload: string;
}

/** A delivery whose time has come, and where it goes. */
export interface DueDelivery {
  readonly id: number;
  readonly channel: NotificationRuleRow['channel'];
  readonly target: string;
}

/** A delivery that whoever claimed it has to send. */
export interface ClaimedDelivery {
  readonly delivery: DeliveryRow;
  readonly rule: NotificationRuleRow;
}

/**
 * Who wants to hear of what, and what was told.
 *
 * A delivery is `queued`, `sending` while somebody has claimed it, and ends `sent` or `failed`. Whoever has claimed it has until its `nextAt`; after that it can be claimed
 * again, so that each one is sent at least once. Changes of a claimed delivery are false where the claim is no longer held.
 */
export interface NotificationStore {
  addRule(rule: NewNotificationRule): Promise<NotificationRuleRow>;
  /** A rule that is switched off fails what is queued of it. @throws AutotestError AT_NOT_FOUND */
  updateRule(
    id: number,
    patch: { enabled?: boolean; filter?: NotificationFilter; reason?: string },
    by: string,
  ): Promise<NotificationRuleRow>;
  /** With its deliveries. @throws AutotestError AT_NOT_FOUND */
  removeRule(id: number, by: string): Promise<void>;
  ruleById(id: number): Promise<NotificationRuleRow | undefined>;
  /** Newest first; keyset by id. */
  rules(query: { first: number; beforeId?: number; owner?: string; jobId?: number }): Promise<NotificationRuleRow[]>;
  /** The newest rule of somebody about any job that leads there. */
  standingRule(owner: string, target: string): Promise<NotificationRuleRow | undefined>;
  /** Those that are switched on and are about any job, or about one of these. */
  rulesAbout(jobIds: readonly number[]): Promise<NotificationRuleRow[]>;

  /** Id of the event up to which all were looked at. Begins at the newest event when the first rule is added, or when this is first asked. */
  cursor(): Promise<number>;
  /** Moves the cursor and queues what the events between tell of, in one transaction. False, and nothing is done: it is not at `fromId` any more. */
  advance(step: { fromId: number; toId: number; deliveries: readonly NewDelivery[] }): Promise<boolean>;
  /** Queues a message that is about no event. @throws AutotestError AT_NOT_FOUND */
  enqueueTest(ruleId: number, payload: string, by: string): Promise<DeliveryRow>;

  /** What has to be sent now, the longest waiting first; at most `perTarget` for each target, so that many for one do not hide others. */
  due(query: { now: number; first: number; perTarget: number }): Promise<DueDelivery[]>;
  /** Takes those that are still due, each for one attempt, which counts as lost at `untilMs`. */
  claim(ids: readonly number[], times: { now: number; untilMs: number }): Promise<ClaimedDelivery[]>;
  /** @param problem what did not go well all the same */
  markSent(claim: DeliveryClaim, problem?: string): Promise<boolean>;
  /** Without `nextAt` it has failed for good. */
  markFailed(claim: DeliveryClaim, why: { problem: string; nextAt?: number }): Promise<boolean>;
  /** Lets go of a claim as if there had been none; it is due at once. */
  giveBack(claim: DeliveryClaim): Promise<boolean>;

  deliveryById(id: number): Promise<DeliveryRow | undefined>;
  /** Newest first; keyset by id. */
  deliveries(query: {
    first: number;
    beforeId?: number;
    /** Of rules of this owner. */
    owner?: string;
    ruleId?: number;
    jobId?: number;
    state?: DeliveryState;
  }): Promise<DeliveryRow[]>;
  /** Queues it once more, from its first attempt on, unless somebody is just sending it. @throws AutotestError AT_NOT_FOUND */
  redeliver(id: number, by: string): Promise<DeliveryRow>;
}

/** Tells a claim: a delivery and its attempt. */
export type DeliveryClaim = Pick<DeliveryRow, 'id' | 'ruleId' | 'attempts'>;
