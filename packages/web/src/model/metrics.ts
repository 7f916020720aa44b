import type { MetricLineFragment } from '../generated/graphql.ts';

/** All values of one metric of one result node. */
export interface MetricSeries {
  readonly nodeId: string;
  readonly nodePath: string;
  readonly name: string;
  readonly unit: string;
  readonly direction: MetricLineFragment['direction'];
  /** In order of iterations. */
  readonly values: readonly number[];
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

interface MeasuredNode {
  readonly id: string;
  readonly path: string;
  readonly metrics: readonly MetricLineFragment[];
}

/** Groups metrics of nodes into one series for each node, name and unit, in order of first appearance. */
export function metricSeries(nodes: Iterable<MeasuredNode>): MetricSeries[] {
  const series: MetricSeries[] = [];
  for (const node of nodes) series.push(...seriesOfNode(node));
  return series;
}

function seriesOfNode(node: MeasuredNode): MetricSeries[] {
  const groups = new Map<string, MetricLineFragment[]>();
  for (const metric of node.metrics) {
    const key = JSON.stringify([metric.name, metric.unit]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [metric]);
    else group.push(metric);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    if (first === undefined) return [];
    const values = group.toSorted((a, b) => a.iteration - b.iteration).map((metric) => metric.value);
    return [
      {
        nodeId: node.id,
        nodePath: node.path,
        name: first.name,
        unit: first.unit,
        direction: first.direction,
        values,
        ...spread(values),
      },
    ];
  });
}

function spread(values: readonly number[]): { min: number; mean: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / values.length };
}

/** SVG path of a line through the values, to scale, 3 px from the edges. */
export function sparkPath(
  values: readonly number[],
  width: number,
  height: number,
): { path: string; lastX: number; lastY: number } {
  const pad = 3;
  const { min, max } = spread(values);
  const step = (width - 2 * pad) / Math.max(1, values.length - 1);
  const points = values.map((value, index) => {
    const share = max === min ? 0.5 : (value - min) / (max - min);
    return [pad + index * step, height - pad - share * (height - 2 * pad)] as const;
  });
  const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  const last = points.at(-1) ?? [0, 0];
  return { path, lastX: last[0], lastY: last[1] };
}
