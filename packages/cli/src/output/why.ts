import { formatDuration, printable } from '@autotest/core';
import type { JobWhyQuery } from '@autotest/graphql/client';
import { paint, paintState } from './style.ts';
import { formatTable } from './table.ts';

export type WhyJob = NonNullable<JobWhyQuery['job']>;
type WhyEntry = WhyJob['entries'][number];
type Why = NonNullable<WhyEntry['why']>;

/** The server counts no further; one more stands for all numbers above. */
const maxCounted = 10_000;

/** Why a job does not run, for people: once for all entries that wait for the same. */
export function formatWhy(job: WhyJob, now: number): string {
  const waiting = job.entries.flatMap((entry) => (entry.why ? { entry, why: entry.why } : []));
  const head = `${paint('bold', `Job ${job.id} ${job.name}`)}: ${paintState(job.outcome ?? job.state)}`;
  if (waiting.length === 0)
    return `${head}. It waits for nothing: it ${job.state === 'finished' ? 'is over' : 'runs'}.`;
  const groups = Map.groupBy(waiting, ({ entry, why }) => `${entry.state} ${why.code} ${why.message}`);
  const parts = Array.from(groups.values(), (group) => formatGroup(group, now));
  return [head, ...parts].join('\n\n');
}

function formatGroup(group: readonly { entry: WhyEntry; why: Why }[], now: number): string {
  const [first] = group;
  if (!first) return '';
  const { entry, why } = first;
  const facts = [
    ['since', why.since === null ? undefined : moment(why.since, now)],
    ['position', positionOf(group.map((one) => one.why))],
    ['expected', why.expectedAt === null ? undefined : moment(why.expectedAt, now)],
  ] as const;
  const lines = facts.flatMap(([name, value]) => (value === undefined ? [] : `  ${name.padEnd(9)} ${value}`));
  return [
    `${subjectOf(group.map((one) => one.entry))}: ${paintState(entry.state)}: ${printable(why.message)} ${paint('gray', `[${why.code}]`)}`,
    ...lines,
    ...constraintsOf(why),
    ...unblockOf(why),
  ].join('\n');
}

function subjectOf(entries: readonly WhyEntry[]): string {
  const shown = entries.slice(0, 3).map(({ index, host }) => `${index} (${host?.name ?? 'any fitting host'})`);
  const more = entries.length - shown.length;
  const list = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${entries.length === 1 ? 'Entry' : 'Entries'} ${list}`;
}

/** Of several, that of the first one. */
function positionOf(whys: readonly Why[]): string | undefined {
  const positions = whys.flatMap(({ position }) => position ?? []);
  const length = whys[0]?.queueLength ?? undefined;
  if (positions.length === 0 || length === undefined) return undefined;
  return `${counted(Math.min(...positions))} of ${counted(length)} that wait for the same (fair share may change the order)`;
}

function counted(count: number): string {
  return count > maxCounted ? `${maxCounted}+` : String(count);
}

/** `in 4 min 10 s (2026-03-01 14:32:10)`: relative and absolute, in local time. */
function moment(at: string, now: number): string {
  const ms = Date.parse(at) - now;
  const span = formatDuration(Math.round(Math.abs(ms) / 1000) * 1000);
  // As the rest of the command line: ISO order, without the zone that the reader lives in.
  const local = new Date(Date.parse(at)).toLocaleString('sv-SE');
  return `${ms >= 0 ? `in ${span}` : `${span} ago`} (${local})`;
}

function constraintsOf({ constraints }: Why): string[] {
  const rows = constraints.flatMap(({ needs, count, nearest }) => {
    const hosts = nearest.length > 0 ? nearest : [{ host: '', lacks: '' }];
    return hosts.map(({ host, lacks }, index) => ({
      needs: index === 0 ? needs : '',
      count: index === 0 && count !== null ? String(count) : '',
      host,
      lacks,
    }));
  });
  if (rows.length === 0) return [];
  const columns = [
    { title: 'needs', value: (row: (typeof rows)[number]) => row.needs },
    { title: 'hosts', value: (row: (typeof rows)[number]) => row.count, align: 'right' },
    { title: 'nearest', value: (row: (typeof rows)[number]) => row.host },
    { title: 'what it lacks', value: (row: (typeof rows)[number]) => row.lacks },
  ] as const;
  const shown = columns.filter(({ title, value }) => title === 'needs' || rows.some((row) => value(row) !== ''));
  return ['', ...indent(formatTable(rows, shown))];
}

function unblockOf({ unblock }: Why): string[] {
  if (unblock.length === 0) return [];
  return [
    '',
    `  ${unblock.length === 1 ? 'It goes on when' : 'It goes on when one of these happens'}:`,
    ...unblock.map((what) => `  - ${printable(what)}`),
  ];
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
