import { formatDuration, type JournalRecord, type ResultOutcome } from '@autotest/core';

/** Colours where the terminal and the user's environment want them. */
export interface Paint {
  (style: 'good' | 'bad' | 'dim' | 'bold', text: string): string;
}

const codes = { good: 32, bad: 31, dim: 2, bold: 1 } as const;

export function makePaint(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const wanted = env.FORCE_COLOR ? true : stream.isTTY === true && !env.NO_COLOR;
  return (style, text) => (wanted ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}

/** Control characters and escape sequences of strangers never reach the terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
}

/** What a person who watches sees of a record; undefined for what only programs need. */
export function progressLine(record: JournalRecord, paint: Paint): string | undefined {
  const indent = '  '.repeat(Math.max(0, record.scope.length - 1));
  const where = 'host' in record && record.host !== undefined ? `${record.host}: ` : '';
  switch (record.kind) {
    case 'node.start':
      return `${indent}${paint('dim', '▶')} ${printable(record.name)}`;
    case 'node.end':
      return `${indent}${verdict(record.outcome, paint)} ${printable(record.scope.at(-1) ?? '')}${tail(record, paint)}`;
    case 'node.result':
      return `${indent}${verdict(record.outcome, paint)} ${printable(record.name)}${tail(record, paint)}`;
    case 'phase':
      return record.phase === 'done' || record.from
        ? undefined
        : paint(
            'dim',
            `${where}${record.phase}${record.message === undefined ? '' : ` (${printable(record.message)})`}`,
          );
    case 'transport':
      return record.event === 'lost' || record.event === 'resumed'
        ? paint('bad', `${where}connection ${record.event}: ${printable(record.message ?? '')}`)
        : undefined;
    case 'hostKey':
      return paint(
        'dim',
        `${where}its key is new: ${record.key.split(' ')[0] ?? ''}; put it into known_hosts to have it checked`,
      );
    case 'fault':
      return paint('bad', `${where}${record.code}: ${printable(record.message)}`);
    case 'abort.request':
      return paint('bad', `stopping: ${printable(record.reason)}`);
    default:
      return undefined;
  }
}

function verdict(outcome: ResultOutcome, paint: Paint): string {
  const good = outcome === 'pass' || outcome === 'skip' || outcome === 'warn';
  return paint(good ? 'good' : 'bad', outcome.toUpperCase());
}

function tail(record: { readonly reason?: string; readonly durationMs?: number }, paint: Paint): string {
  const took = record.durationMs === undefined ? '' : paint('dim', ` ${formatDuration(record.durationMs)}`);
  return `${took}${record.reason === undefined ? '' : ` — ${printable(record.reason).slice(0, 300)}`}`;
}
