/**
 * Reads the newest jobs over GraphQL and prints two tables: how each metric spreads over the runs, and what fails most.
 *
 *     AUTOTEST_SERVER=http://localhost:8080 AUTOTEST_TOKEN=… node examples/analysis/metrics-and-failures.ts
 */
import { connect, JobDocument, JobsDocument, type ResultFieldsFragment } from '@autotest/graphql/client';

const server = connect({
  url: process.env.AUTOTEST_SERVER ?? 'http://localhost:8080',
  token: process.env.AUTOTEST_TOKEN,
});
try {
  const { jobs } = await server.request(JobsDocument, { first: 50, state: 'finished' });
  const results: ResultFieldsFragment[] = [];
  for (const { node } of jobs.edges) {
    const { job } = await server.request(JobDocument, { id: node.id });
    results.push(...(job?.results ?? []));
  }
  console.log(`${jobs.edges.length} jobs, ${results.length} results\n`);
  console.table(spreadOfMetrics(results));
  console.table(failures(results));
} finally {
  await server.close();
}

/** Mean, standard deviation and coefficient of variation of each metric over all iterations and runs. */
function spreadOfMetrics(
  all: readonly ResultFieldsFragment[],
): Record<string, { n: number; mean: number; sd: number; 'cv %': number; unit: string }> {
  const samples = Map.groupBy(
    all.flatMap(({ path, metrics }) => metrics.map((metric) => ({ key: `${path} ${metric.name}`, ...metric }))),
    ({ key }) => key,
  );
  const rows = [...samples].map(([key, metrics]) => {
    const mean = metrics.reduce((sum, { value }) => sum + value, 0) / metrics.length;
    const variance = metrics.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / Math.max(1, metrics.length - 1);
    const sd = Math.sqrt(variance);
    return [
      key,
      {
        n: metrics.length,
        mean: round(mean),
        sd: round(sd),
        'cv %': round((100 * sd) / mean),
        unit: metrics[0]?.unit ?? '',
      },
    ] as const;
  });
  return Object.fromEntries(rows);
}

/** How often each test ended badly, worst first. */
function failures(
  all: readonly ResultFieldsFragment[],
): Record<string, { runs: number; bad: number; 'last reason': string }> {
  const bad = new Set(['fail', 'error', 'abort', 'timeout', 'unknown']);
  const rows = [...Map.groupBy(all, ({ path }) => path)].map(([path, runs]) => {
    const failed = runs.filter(({ outcome }) => outcome !== null && bad.has(outcome));
    return [
      path,
      { runs: runs.length, bad: failed.length, 'last reason': failed[0]?.reason?.split('\n', 1)[0] ?? '' },
    ] as const;
  });
  return Object.fromEntries(rows.filter(([, row]) => row.bad > 0).sort(([, a], [, b]) => b.bad - a.bad));
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
