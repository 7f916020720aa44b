/** One measured value, printed as one JSON object a line. */
export interface BenchRow {
  readonly bench: string;
  readonly case: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is compared with, measured in the same run. */
  readonly baseline?: string;
  readonly baselineValue?: number;
  /** Value divided by baseline value. Filled in where both are there. */
  readonly ratio?: number;
  /** Agreed target; the value must not be below it, or above it with `lowerIsBetter`. */
  readonly target?: number;
  readonly met?: boolean;
}

export interface ReportOptions {
  /** @default false */
  readonly lowerIsBetter?: boolean;
}

const rows: BenchRow[] = [];

/** Prints a row on stdout and keeps it for the table; works out `ratio` and `met`. */
export function report(row: BenchRow, options: ReportOptions = {}): BenchRow {
  const { value, baselineValue, target } = row;
  const full: BenchRow = {
    ...row,
    value: round(value),
    ...(baselineValue !== undefined && { baselineValue: round(baselineValue), ratio: round(value / baselineValue) }),
    ...(target !== undefined && { met: options.lowerIsBetter ? value <= target : value >= target }),
  };
  rows.push(full);
  process.stdout.write(`${JSON.stringify(full)}\n`);
  return full;
}

/** Prints all rows so far on stderr, for people. A missed target is a figure, not a failure: the exit code says nothing of it. */
export function table(): void {
  const header = ['case', 'value', 'unit', 'baseline', 'ratio', 'target', 'met'];
  const lines = rows.map((row) => [
    `${row.bench}: ${row.case}`,
    String(row.value),
    row.unit,
    row.baseline ? `${row.baseline} ${row.baselineValue ?? ''}` : '',
    row.ratio === undefined ? '' : `${row.ratio}x`,
    row.target === undefined ? '' : String(row.target),
    row.met === undefined ? '' : row.met ? 'yes' : 'NO',
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)));
  for (const line of [header, ...lines]) {
    process.stderr.write(`${line.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ')}\n`);
  }
}

/** Three significant digits or better: more would be noise. */
function round(value: number): number {
  if (Math.abs(value) >= 1000) return Math.round(value);
  return Number(value.toPrecision(4));
}
