import { formatDuration, isCounted, type JournalRecord, type ResultNode, type ResultTree } from '@autotest/core';
import type { Paint } from '@autotest/core/node';
import { oneLine, showOutcome } from './show-outcome.ts';

/** The line to print for a record, if it is worth one. */
export function progressLine(record: JournalRecord, node: ResultNode | undefined, paint: Paint): string | undefined {
  switch (record.kind) {
    case 'node.start':
      return isCounted(record.node) && record.node !== 'subtest' ? paint('dim', `  ${pathOf(node)} …`) : undefined;
    case 'node.end':
    case 'node.result':
      return node && isCounted(node.node) ? nodeLine(node, paint, `  ${pathOf(node)}`) : undefined;
    case 'boot':
      return record.resumed ? paint('dim', '  (going on behind what is done)') : undefined;
    case 'reboot':
      return paint('dim', `  reboot: ${record.event}`);
    case 'fault':
      return paint('bad', `  ${record.code}: ${oneLine(record.message)}`);
    case 'problem':
      return paint('warn', `  ${oneLine(record.source)}: ${oneLine(record.message)}`);
    case 'info':
      return `  ${oneLine(record.message)}`;
    default:
      return undefined;
  }
}

/** Tree, metrics and verdict of a run that has ended. */
export function report(tree: ResultTree, paint: Paint): string {
  const lines: string[] = [''];
  const walk = (node: ResultNode, indent: string): void => {
    lines.push(nodeLine(node, paint, `${indent}${oneLine(node.name)}`));
    for (const child of node.children) walk(child, `${indent}  `);
  };
  for (const node of tree.roots) walk(node, '');
  lines.push(...metricLines(tree, paint));
  const counts = tree.counts();
  const parts = Object.entries(counts).filter(([name, count]) => count > 0 && name !== 'total');
  const verdict = tree.outcome() ?? 'unknown';
  const reason = tree.jobEnd?.reason === undefined ? '' : `: ${oneLine(tree.jobEnd.reason)}`;
  lines.push(
    '',
    `${showOutcome(verdict, paint)}${reason}  ${parts.map(([name, count]) => `${count} ${name}`).join(', ')}`,
  );
  return `${lines.join('\n')}\n`;
}

function nodeLine(node: ResultNode, paint: Paint, label: string): string {
  const { outcome, startedAt, endedAt, reason } = node;
  const time =
    startedAt !== undefined && endedAt !== undefined ? paint('dim', ` ${formatDuration(endedAt - startedAt)}`) : '';
  const why = reason !== undefined && outcome !== 'pass' ? `: ${oneLine(reason)}` : '';
  return `${label} ${outcome === undefined ? paint('warn', 'running') : showOutcome(outcome, paint)}${time}${why}`;
}

function metricLines(tree: ResultTree, paint: Paint): string[] {
  const lines: string[] = [];
  for (const node of tree.nodes()) {
    for (const { metrics, index } of node.iterations)
      for (const { name, value, unit } of metrics)
        lines.push(`  ${oneLine(node.path)} #${index}  ${oneLine(name)} = ${value} ${oneLine(unit, 20)}`);
    for (const { name, value, unit } of node.metrics)
      lines.push(`  ${oneLine(node.path)}  ${oneLine(name)} = ${value} ${oneLine(unit, 20)}`);
  }
  return lines.length === 0 ? [] : ['', paint('bold', 'Metrics'), ...lines.slice(0, 500)];
}

function pathOf(node: ResultNode | undefined): string {
  return oneLine(node?.scope.join('/') ?? '');
}
