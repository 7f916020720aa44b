import { createHash } from 'node:crypto';
import { safeFileName } from '@autotest/core/node';

/** Names at the root of a results directory that autoserv writes itself. */
const ownNames = new Set([
  'execution.json',
  'status.log',
  'results.json',
  'keyval',
  'control.ts',
  'bundle',
  'host_keyvals',
  '.machines',
  '.autoserv.lock',
]);

const maxDepth = 32;
const maxPathBytes = 1024;
const maxNameBytes = 200;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const oddCharacters = /[\u0000-\u001f\u007f\u2028\u2029]/;

/**
 * Where a file of a host's results tree goes below the results directory; undefined for names that can go nowhere.
 *
 * The client's journal becomes `client.<host>.journal.ndjson`, its log `debug/client.<host>.log`, and what would hide a file of autoserv's own
 * `client.<host>.<name>`. Names with control characters, and names that are too long, are made safe, with a part of their hash so that two stay two.
 *
 * @param label name that distinguishes this session in file names: the host's, with a number behind it from the second session on
 * @param below directory below the results directory for everything but journal and log; `''` for the results directory itself
 */
export function mirrorPath(path: string, label: string, below: string): string | undefined {
  if (path === 'journal.ndjson') return clientJournalName(label);
  if (path === 'debug/client.log') return `debug/client.${label}.log`;
  const segments = path.split('/');
  if (segments.length > maxDepth || segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return undefined;
  const [first = '', ...rest] = segments.map(safeSegment);
  const head = below === '' && isOwn(first, rest) ? `client.${label}.${first}` : first;
  const target = [below, head, ...rest].filter((part) => part !== '').join('/');
  return Buffer.byteLength(target) > maxPathBytes ? undefined : target;
}

/** Name of the mirrored journal of a client. */
export function clientJournalName(label: string): string {
  return `client.${label}.journal.ndjson`;
}

function isOwn(first: string, rest: readonly string[]): boolean {
  if (ownNames.has(first) || first.startsWith('crashinfo.') || /^client\..*\.journal\.ndjson$/.test(first)) return true;
  return first === 'debug' && /^(autoserv|client\.|console\.)/.test(rest[0] ?? '');
}

function safeSegment(segment: string): string {
  if (!oddCharacters.test(segment) && segment.isWellFormed() && Buffer.byteLength(segment) <= maxNameBytes)
    return segment;
  const hash = createHash('sha256').update(segment).digest('hex').slice(0, 8);
  return `${safeFileName(segment)}-${hash}`;
}
