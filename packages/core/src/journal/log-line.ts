import { formatDuration } from '../time/duration.ts';
import type { Metric } from '../results/outcome.ts';
import type { JournalRecord } from './record.ts';

/** How a part of a line is shown: `good` and `bad` verdicts, `dim` circumstances. */
export type PaintLine = (style: 'good' | 'bad' | 'dim', text: string) => string;

/** Control characters and escape sequences of strangers never reach a terminal, and a message stays one line. */
export function printable(text: string, maxLength = 500): string {
  const clean = text.replace(/\p{Cc}+/gu, ' ').trim();
  return clean.length > maxLength ? `${clean.slice(0, maxLength)}…` : clean;
}

/**
 * What a person who follows an execution should read of a record, as one line; undefined for what only programs need. Written to
 * `debug/client.<host>.log` and `debug/autoserv.log`, and shown on terminals.
 */
export function logLineOf(record: JournalRecord, paint: PaintLine = (_, text) => text): string | undefined {
  const indent = '  '.repeat(Math.max(0, record.scope.length - 1));
  const where = 'host' in record && record.host !== undefined ? `${record.host}: ` : '';
  switch (record.kind) {
    case 'job.start':
      return `job ${printable(record.name)} on ${printable(record.hosts.join(', ')) || 'no host'}`;
    case 'job.end':
      return `job ended: ${verdict(record.outcome, paint)}${because(record.reason, paint)}`;
    case 'node.start':
      return `${indent}${paint('dim', '▶')} ${printable(record.name)}`;
    case 'node.end':
      return `${indent}${verdict(record.outcome, paint)} ${printable(record.scope.at(-1) ?? '')}${tail(record, paint)}`;
    case 'node.result':
      return `${indent}${verdict(record.outcome, paint)} ${printable(record.name)}${tail(record, paint)}`;
    case 'iteration':
      return record.metrics.length === 0
        ? undefined
        : paint('dim', `${indent}  #${record.index} ${metricsOf(record.metrics)}`);
    case 'metric':
      return paint('dim', `${indent}  ${metricsOf([record.metric])}`);
    case 'boot':
      return record.resumed ? paint('dim', 'going on behind what is done') : undefined;
    case 'phase':
      return record.phase === 'done' ? undefined : paint('dim', `${where}${record.phase}${inBrackets(record.message)}`);
    case 'transport':
      return paint(
        record.event === 'lost' ? 'bad' : 'dim',
        `${where}connection ${record.event}${inBrackets(record.message)}`,
      );
    case 'reboot':
      return paint(
        record.event === 'unexpected' ? 'bad' : 'dim',
        `${where}reboot ${record.event}${inBrackets(record.message)}`,
      );
    case 'hostKey':
      return paint('dim', `${where}its key is seen for the first time: ${printable(record.key.split(' ')[0] ?? '')}`);
    case 'hostKeyProven':
      return paint('dim', `${where}it proved a further key: ${printable(record.key.split(' ')[0] ?? '')}`);
    case 'fault':
      return paint('bad', `${where}${record.code}: ${printable(record.message)}`);
    case 'problem':
      return paint('bad', `${printable(record.source, 200)}: ${printable(record.message)}`);
    case 'info':
      return `${indent}${printable(record.message)}`;
    case 'warnings':
      return paint('dim', `${indent}${where}reports of type ${printable(record.type, 60)} ${record.event}`);
    case 'abort.request':
      return paint('bad', `stopping: ${printable(record.reason)} (${printable(record.by, 100)})`);
    case 'end':
      return record.cause
        ? paint('bad', `ended: ${record.exitClass}: ${printable(record.cause.message)}`)
        : paint('dim', `ended: ${record.exitClass}`);
    default:
      return undefined;
  }
}

function verdict(outcome: string, paint: PaintLine): string {
  return paint(outcome === 'pass' || outcome === 'skip' || outcome === 'warn' ? 'good' : 'bad', outcome.toUpperCase());
}

function tail(
  record: { readonly durationMs?: number; readonly reason?: string; readonly outcome: string },
  paint: PaintLine,
): string {
  const time = record.durationMs === undefined ? '' : paint('dim', ` ${formatDuration(record.durationMs)}`);
  return `${time}${record.outcome === 'pass' ? '' : because(record.reason, paint)}`;
}

function because(reason: string | undefined, paint: PaintLine): string {
  return reason === undefined || reason === '' ? '' : paint('dim', `: ${printable(reason.split('\n', 1)[0] ?? '')}`);
}

function inBrackets(message: string | undefined): string {
  return message === undefined || message === '' ? '' : ` (${printable(message)})`;
}

function metricsOf(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, value, unit }) =>
      `${printable(name, 100)} = ${Number(value.toPrecision(6))} ${printable(unit, 20)}`.trim(),
    )
    .join(', ');
}
