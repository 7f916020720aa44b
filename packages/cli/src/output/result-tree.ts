import { formatDuration, printable } from '@autotest/core';
import { outcomeMark, paint } from './style.ts';
import { formatTable } from './table.ts';

/** What is shown of a result node, from the server or from a results directory. */
export interface ShownNode {
  readonly id: string;
  readonly parentId?: string | null;
  readonly name: string;
  readonly outcome?: string | null;
  readonly reason?: string | null;
  readonly durationMs?: number | undefined;
  readonly metrics: readonly ShownMetric[];
}

export interface ShownMetric {
  readonly iteration: number;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly direction: string;
}

/** The tree of outcomes, one line a node, as `tree` would draw it. */
export function formatResultTree(nodes: readonly ShownNode[]): string {
  const children = Map.groupBy(nodes, (node) => node.parentId ?? '');
  const lines: string[] = [];
  const walk = (parent: string, indent: string) => {
    const siblings = children.get(parent) ?? [];
    siblings.forEach((node, index) => {
      const last = index === siblings.length - 1;
      lines.push(`${indent}${last ? '└─' : '├─'} ${describeNode(node)}`);
      walk(node.id, `${indent}${last ? '   ' : '│  '}`);
    });
  };
  walk('', '');
  return lines.join('\n');
}

/** A node in one line: sign, name (or `label`), duration, and the reason where it did not pass. */
export function describeNode(node: Omit<ShownNode, 'metrics'>, label = node.name, stream?: NodeJS.WriteStream): string {
  const time =
    node.durationMs === undefined || node.durationMs < 1
      ? ''
      : paint('gray', ` ${formatDuration(node.durationMs)}`, stream);
  const reason = node.reason && node.outcome !== 'pass' ? `: ${firstLine(node.reason)}` : '';
  return `${outcomeMark(node.outcome)} ${firstLine(label)}${time}${reason}`;
}

/** Metrics of all nodes: a row for each name, with mean, lowest and highest of its iterations. Empty text when there are none. */
export function formatMetrics(nodes: readonly ShownNode[]): string {
  const rows = nodes.flatMap((node) =>
    [...Map.groupBy(node.metrics, (metric) => metric.name)].map(([name, metrics]) => {
      const values = metrics.map((metric) => metric.value);
      return {
        test: node.name,
        name,
        unit: metrics[0]?.unit ?? '',
        better: metrics[0]?.direction === 'higher' ? '↑' : metrics[0]?.direction === 'lower' ? '↓' : '',
        count: values.length,
        mean: values.reduce((sum, value) => sum + value, 0) / values.length,
        min: Math.min(...values),
        max: Math.max(...values),
      };
    }),
  );
  if (rows.length === 0) return '';
  return formatTable(rows, [
    { title: 'test', value: (row) => row.test },
    { title: 'metric', value: (row) => `${row.name} ${row.better}`.trim() },
    { title: 'mean', value: (row) => formatNumber(row.mean), align: 'right' },
    { title: 'min', value: (row) => formatNumber(row.min), align: 'right' },
    { title: 'max', value: (row) => formatNumber(row.max), align: 'right' },
    { title: 'unit', value: (row) => row.unit },
    { title: 'n', value: (row) => String(row.count), align: 'right' },
  ]);
}

/** Four significant digits, plain. */
function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  const shown = printable(line);
  return line.length < text.length ? `${shown} …` : shown;
}
