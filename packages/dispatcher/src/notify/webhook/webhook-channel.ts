import { messageOf, printable } from '@autotest/core';
import type { ClaimedDelivery } from '@autotest/core/db';
import { Webhook } from 'standardwebhooks';
import { TargetRefusedError } from '../../errors.ts';
import { deliveryName, type Channel, type SendResult } from '../channel.ts';
import type { NotifierSettings } from '../options.ts';
import { post, type Answer } from './post.ts';
import { parseRetryAfter } from './retry-after.ts';

/**
 * Webhooks as the Standard Webhooks specification has them (https://www.standardwebhooks.com): a POST of JSON with `webhook-id`, `webhook-timestamp` and, where the rule
 * has a secret, `webhook-signature`.
 */
export function webhookChannel(settings: Pick<NotifierSettings, 'clock' | 'allowPrivateTargets'>): Channel {
  const { clock, allowPrivateTargets } = settings;
  return {
    laneOf: (target) => new URL(target).origin,
    async send(claimed, signal) {
      const headers = headersFor(claimed, new Date(clock.now()));
      try {
        const { delivery, rule } = claimed;
        const answer = await post(rule.target, delivery.payload, { headers, signal, allowPrivateTargets });
        return judge(answer, clock.now());
      } catch (error) {
        if (error instanceof TargetRefusedError) return { kind: 'failed', problem: error.message };
        if (signal.aborted) throw error;
        return { kind: 'retry', problem: describeFailure(error) };
      }
    },
  };
}

function headersFor({ delivery, rule }: ClaimedDelivery, at: Date): Record<string, string> {
  const id = deliveryName(delivery.id);
  return {
    'content-type': 'application/json',
    'user-agent': 'Autotest',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    ...(rule.secret !== undefined && { 'webhook-signature': new Webhook(rule.secret).sign(id, at, delivery.payload) }),
  };
}

function judge({ status, headers, text }: Answer, now: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  const said = printable(text.replace(/\s+/g, ' ').trim().slice(0, 200));
  const problem = `The receiver answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 410) return { kind: 'failed', problem: `${problem}. It wants nothing more.`, isGone: true };
  if (status >= 300 && status < 400)
    return {
      kind: 'retry',
      problem: `The receiver answered ${status}; redirects are not followed: give the rule the address that it leads to.`,
    };
  const afterMs = status === 429 || status === 503 ? parseRetryAfter(headers['retry-after'], now) : undefined;
  return { kind: 'retry', problem, ...(afterMs !== undefined && { afterMs }) };
}

function describeFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  const message = messageOf(error);
  return `The receiver cannot be reached: ${message}${message.includes(code.slice(2, -1)) ? '' : code}`;
}
