import type { NotificationMessage } from '@autotest/core';
import type { ClaimedDelivery } from '@autotest/core/db';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { deliveryName, type Channel, type SendResult } from '../channel.ts';
import type { NotifierSettings } from '../options.ts';
import { letterOf } from './letter.ts';
import { oneLine, renderHtml, renderText } from './render.ts';

/** Mails through one SMTP server. A message has the same Message-ID in each attempt, by which mailboxes tell a second one. */
export function mailChannel({ smtpUrl, mailFrom }: Pick<NotifierSettings, 'smtpUrl' | 'mailFrom'>): Channel {
  const transport =
    smtpUrl === undefined
      ? undefined
      : createTransport({ url: smtpUrl, disableFileAccess: true, disableUrlAccess: true });
  return {
    laneOf: () => 'mail',
    async send(claimed, signal) {
      if (transport === undefined)
        return { kind: 'retry', problem: 'No mail server is configured: an administrator sets AUTOTEST_SMTP_URL.' };
      try {
        const { rejected } = await transport.sendMail({ ...mailFor(claimed, mailFrom), signal });
        if (rejected.length === 0) return { kind: 'sent' };
        return { kind: 'sent', problem: `The mail server refused ${rejected.join(', ')}.` };
      } catch (error) {
        if (signal.aborted) throw error;
        return judge(error);
      }
    },
  };
}

function mailFor({ delivery, rule }: ClaimedDelivery, from: string): SendMailOptions {
  // oxlint-disable-next-line no-unsafe-type-assertion -- only notifiers and the API server write these
  const message = JSON.parse(delivery.payload) as NotificationMessage;
  const letter = letterOf(message);
  const footer = `Sent for rule ${rule.id} of ${rule.owner}; \`autotest notify remove ${rule.id}\` ends it.`;
  const domain = /@([\w.-]+)>?$/.exec(from)?.[1] ?? 'localhost';
  return {
    from,
    // As objects, so that nothing in them is read as more than an address.
    to: rule.target.split(',').map((address) => ({ name: '', address })),
    subject: oneLine(`[Autotest] ${letter.subject}`, 200),
    text: renderText(letter, footer),
    html: renderHtml(letter, footer),
    messageId: `<${deliveryName(delivery.id)}.${delivery.createdAt}@${domain}>`,
    date: new Date(message.timestamp),
    list: { id: { url: `autotest.${domain}`, comment: 'Autotest' } },
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
}

/** A mail server that says no for good (5yz) to the message or all its addresses will say it again; one that lets us not in may be set up anew. */
function judge(error: unknown): SendResult {
  const { code, responseCode = 0, message } = error as Error & { code?: string; responseCode?: number };
  const problem = `The mail server did not take it: ${oneLine(message, 800)}`;
  const isFinal = (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500;
  return { kind: isFinal ? 'failed' : 'retry', problem };
}
