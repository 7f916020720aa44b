import {
  formatDuration,
  type HostSetAsideMessage,
  type JobFinishedMessage,
  type JobStartedMessage,
  type NotificationMessage,
  type ReportedEntry,
} from '@autotest/core';

/** What a mail says, before it is text or HTML. All of it is plain text; names and reasons in it are as strangers wrote them. */
export interface Letter {
  readonly subject: string;
  readonly headline: string;
  readonly sections: readonly LetterSection[];
  readonly url?: string;
  /** Command that runs it again. */
  readonly command?: string;
}

export interface LetterSection {
  readonly title: string;
  readonly items: readonly LetterItem[];
  /** Items that are left out. */
  readonly more: number;
}

export interface LetterItem {
  readonly text: string;
  /** May have lines. */
  readonly detail?: string;
}

export function letterOf(message: NotificationMessage): Letter {
  switch (message.type) {
    case 'job.finished':
      return finished(message);
    case 'job.started':
      return started(message);
    case 'host.setAside':
      return setAside(message);
    case 'test':
      break;
  }
  const { rule, by } = message.data;
  return { subject: `test of rule ${rule.id}`, headline: `${by} tries out rule ${rule.id}. It works.`, sections: [] };
}

function setAside({ data: { host } }: HostSetAsideMessage): Letter {
  const { name, reason, url } = host;
  return {
    subject: `host ${name} was set aside`,
    headline: `Host ${name} failed repair and gets no jobs until it is well again.`,
    sections: reason === undefined ? [] : [{ title: 'Why', items: [{ text: reason }], more: 0 }],
    ...(url !== undefined && { url }),
  };
}

function finished({ data }: JobFinishedMessage): Letter {
  const { job, entries, moreEntries, failedTests, moreFailedTests } = data;
  const outcome = job.outcome ?? job.state;
  const span = job.durationMs === undefined ? '' : ` after ${formatDuration(job.durationMs)}`;
  const by = job.abortedBy === undefined ? '' : ` Aborted by ${job.abortedBy}: ${job.abortReason ?? ''}`;
  return {
    subject: `${outcome}: ${job.name} (job ${job.id})`,
    headline: `Job ${job.id}, ${job.name}, of ${job.owner} ended ${outcome}${span}.${by}`,
    sections: [
      { title: 'Tests', items: [{ text: countsOf(data.tests) }], more: 0 },
      { title: 'Hosts', items: entries.map(itemOfEntry), more: moreEntries },
      {
        title: 'Failed tests',
        items: failedTests.map(({ path, host, outcome: verdict, reason }) => ({
          text: `${verdict} ${path}${host === undefined ? '' : ` on ${host}`}`,
          ...(reason !== undefined && { detail: reason }),
        })),
        more: moreFailedTests,
      },
    ],
    command: job.reproduce,
    ...(job.url !== undefined && { url: job.url }),
  };
}

function started({ data: { job } }: JobStartedMessage): Letter {
  return {
    subject: `started: ${job.name} (job ${job.id})`,
    headline: `Job ${job.id}, ${job.name}, of ${job.owner} has started.`,
    sections: [],
    ...(job.url !== undefined && { url: job.url }),
  };
}

function countsOf({ total, ...outcomes }: JobFinishedMessage['data']['tests']): string {
  if (total === 0) return 'none ran';
  const parts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  return [`${total} in all`, ...parts].join(', ');
}

function itemOfEntry({ index, host, outcome, cause, attempt }: ReportedEntry): LetterItem {
  const name = host ?? `entry ${index}`;
  const tries = attempt > 1 ? `, attempt ${attempt}` : '';
  return {
    text: `${name}: ${outcome ?? 'no outcome'}${tries}`,
    ...(cause && { detail: `${cause.code}: ${cause.message}` }),
  };
}
