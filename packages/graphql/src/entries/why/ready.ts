import type { EntryRow, JobRow } from '@autotest/core/db';
import type { Loaders } from '../../loaders.ts';
import type { Why } from './explain.ts';
import { prepare } from './prepare.ts';

/** At most so many siblings are told of one by one. */
const maxTold = 10;

/** Why the entries of a job that have their hosts ready do not start: the same for all of them. */
export async function explainReady(jobId: number, loaders: Loaders): Promise<Why> {
  const about = { constraints: [], unblock: [], waitsFor: [] };
  const job = await loaders.job.load(jobId);
  const size = job ? groupSizeOf(job) : 1;
  const entries = size === 1 ? [] : await loaders.entriesOf.load(jobId);
  const preparing = entries.filter(({ state }) => state === 'preparing');
  const held = preparing.length + entries.filter(({ state }) => state === 'ready').length;
  const lacking = held % size === 0 ? 0 : size - (held % size);
  const queued = entries.filter(({ state }) => state === 'queued');
  const missing = preparing.length + lacking;
  if (missing === 0) return { ...about, code: 'starting', message: 'its host is ready; it is about to start' };
  const told = await Promise.all([
    ...preparing.slice(0, maxTold).map((entry) => ofPreparing(entry, loaders)),
    ...queued.slice(0, lacking > 0 ? maxTold : 0).map((entry) => ofQueued(entry, loaders)),
  ]);
  const nearest = distinct(told);
  const hosts = `${missing} more ${missing === 1 ? 'host' : 'hosts'}`;
  const ends = told.map(({ expectedAt }) => expectedAt);
  return {
    ...about,
    code: 'siblings',
    message: [`waits for ${hosts}`, ...nearest.map(({ host, lacks }) => `${host} ${lacks}`)].join('; '),
    constraints: [{ needs: `${size} hosts that start together`, nearest }],
    unblock: [`${hosts} ${missing === 1 ? 'is' : 'are'} ready`],
    // The last one counts; of one that nothing is known of, nothing is known of all.
    ...(ends.length > 0 && isAllKnown(ends) && { expectedAt: Math.max(...ends) }),
  };
}

interface Sibling {
  readonly host: string;
  readonly lacks: string;
  readonly expectedAt: number | undefined;
}

async function ofPreparing(entry: EntryRow, loaders: Loaders): Promise<Sibling> {
  const { host, doing, execution } = await prepare(entry, loaders);
  return { host, lacks: doing, expectedAt: execution?.deadlineAt };
}

async function ofQueued({ hostId, waitId }: EntryRow, loaders: Loaders): Promise<Sibling> {
  const host = hostId === undefined ? undefined : await loaders.host.load(hostId);
  const wait = waitId === undefined ? undefined : await loaders.wait.load(waitId);
  const lacks = wait ? `is missing: ${wait.reason.message}` : 'is missing';
  return { host: host?.name ?? 'any fitting host', lacks, expectedAt: wait?.reason.expectedAt };
}

function distinct(siblings: readonly Sibling[]): { host: string; lacks: string }[] {
  return [...new Map(siblings.map(({ host, lacks }) => [`${host} ${lacks}`, { host, lacks }])).values()];
}

function isAllKnown(ends: readonly (number | undefined)[]): ends is number[] {
  return !ends.includes(undefined);
}

/** How many hosts of the job start together. */
function groupSizeOf({ controlType, syncCount }: JobRow): number {
  return controlType === 'server' ? Math.max(1, syncCount) : 1;
}
