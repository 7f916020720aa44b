import type { Metrics } from '@autotest/core/telemetry';

/** Counts what a notifier sent: each delivery once, when it is known what came of it. */
export type CountNotification = (channel: string, result: 'sent' | 'failed') => void;

export function countNotifications(metrics: Metrics): CountNotification {
  const notifications = metrics.counter<'channel' | 'result'>({
    name: 'autotest_notifications_total',
    help: 'Notifications by channel and result (sent, failed).',
    labels: ['channel', 'result'],
  });
  return (channel, result) => notifications.add(1, { channel, result });
}
