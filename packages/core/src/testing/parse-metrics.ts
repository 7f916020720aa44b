/** A metric as Prometheus reads it. */
export interface ParsedMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    /** With `_bucket`, `_sum` or `_count` behind the metric's name, for histograms. */
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y;

/** Reads Prometheus' text format; throws an Error for a line that is not of it. */
export function parseMetrics(text: string): Map<string, ParsedMetric> {
  const metrics = new Map<string, { type: string; help: string; samples: ParsedMetric['samples'][number][] }>();
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  let current = { type: '', help: '', samples: [] as ParsedMetric['samples'][number][] };
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, name = '', help = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    const [, typed, type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line) ?? [];
    if (name !== '') {
      if (metrics.has(name)) throw new Error(`${name} comes twice.`);
      current = { type: '', help, samples: [] };
      metrics.set(name, current);
    } else if (typed !== undefined) current.type = type;
    else current.samples.push(parseSample(line));
  }
  return metrics;
}

function parseSample(line: string): ParsedMetric['samples'][number] {
  const [, name, labels = '', value = ''] = samplePattern.exec(line) ?? [];
  const number = value === '+Inf' ? Infinity : Number(value);
  // Prometheus takes NaN in any spelling.
  if (name === undefined || (Number.isNaN(number) && !/^nan$/i.test(value)))
    throw new Error(`This is no sample: ${line}`);
  return { name, labels: parseLabels(labels), value: number };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let end = 0;
  for (labelPattern.lastIndex = 0; end < text.length; end = labelPattern.lastIndex) {
    const match = labelPattern.exec(text);
    if (!match) throw new Error(`These are no labels: ${text}`);
    labels[match[1] ?? ''] = (match[2] ?? '').replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  return labels;
}
