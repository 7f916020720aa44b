import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
  collectDefaultMetrics,
} from 'prom-client';

/** Values of a metric's labels; each of a small known set, never an id or a text of a stranger. */
export type LabelValues<L extends string> = Readonly<Record<L, string | number>>;

/** What is given with each value: nothing for a metric without labels. */
type Labelled<L extends string> = [L] extends [never] ? [] : [labels: LabelValues<L>];

/** A number that only rises. */
export interface Counter<L extends string = never> {
  add(count: number, ...labels: Labelled<L>): void;
}

/** A number that rises and falls. */
export interface Gauge<L extends string = never> {
  set(value: number, ...labels: Labelled<L>): void;
}

/** How often values of which size came. */
export interface Histogram<L extends string = never> {
  observe(value: number, ...labels: Labelled<L>): void;
}

export interface MetricOptions<L extends string> {
  /** By the conventions of Prometheus: `autotest_<what>_<unit>`, counters with `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** What a process counts and measures, for Prometheus to fetch. */
export interface Metrics {
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  /** @param options.read asked for the value whenever somebody looks */
  gauge<L extends string = never>(
    options: MetricOptions<L> & { readonly read?: (gauge: Gauge<L>) => void | Promise<void> },
  ): Gauge<L>;
  /** @param options.buckets upper bounds, ascending */
  histogram<L extends string = never>(
    options: MetricOptions<L> & { readonly buckets: readonly number[] },
  ): Histogram<L>;
  /** MIME type of `text()`. */
  readonly contentType: string;
  /** All of it in Prometheus' text format. */
  text(): Promise<string>;
}

export interface MetricsOptions {
  /** Measure the process as well: CPU, memory, event loop, garbage collection. For programs, not for libraries. @default false */
  readonly process?: boolean;
}

export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  return {
    counter({ name, help, labels = [] }) {
      const counter = new PromCounter<string>({ name, help, labelNames: labels, registers: [registry] });
      return { add: (count, ...[values]) => counter.inc(values ?? {}, count) };
    },
    gauge({ name, help, labels = [], read }) {
      const gauge = new PromGauge<string>({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        ...(read && { collect: () => read(own) }),
      });
      const own: Gauge<string> = { set: (value, ...[values]) => gauge.set(values ?? {}, value) };
      return own;
    },
    histogram({ name, help, labels = [], buckets }) {
      const histogram = new PromHistogram<string>({
        name,
        help,
        labelNames: labels,
        buckets: [...buckets],
        registers: [registry],
      });
      return { observe: (value, ...[values]) => histogram.observe(values ?? {}, value) };
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/** Upper bounds for what takes milliseconds: queries, transactions, requests. */
export const shortSeconds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Upper bounds for what takes seconds to days: waiting for a host, running a job. */
export const longSeconds: readonly number[] = [
  0.1,
  0.5,
  1,
  5,
  15,
  60,
  300,
  900,
  3600,
  4 * 3600,
  12 * 3600,
  24 * 3600,
  72 * 3600,
];
