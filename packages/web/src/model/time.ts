const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `now`, `12s ago`, `5m ago`, `3h ago`, `2d ago`, then the date. Times ms since the epoch. */
export function relativeTime(atMs: number, nowMs: number): string {
  const ageMs = nowMs - atMs;
  if (ageMs < -2000) return `in ${shortSpan(-ageMs)}`;
  if (ageMs < 2000) return 'now';
  if (ageMs >= 30 * dayMs) return new Date(atMs).toISOString().slice(0, 10);
  return `${shortSpan(ageMs)} ago`;
}

function shortSpan(ms: number): string {
  if (ms < minuteMs) return `${Math.floor(ms / 1000)}s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)}h`;
  return `${Math.floor(ms / dayMs)}d`;
}

/** `40ms`, `1.2s`, `12s`, `1m 5s`, `2h 3m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return '0s';
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < minuteMs) return `${Math.floor(ms / 1000)}s`;
  if (ms < hourMs) return pair(ms, minuteMs, 'm', 1000, 's');
  if (ms < dayMs) return pair(ms, hourMs, 'h', minuteMs, 'm');
  return pair(ms, dayMs, 'd', hourMs, 'h');
}

function pair(ms: number, bigMs: number, bigUnit: string, smallMs: number, smallUnit: string): string {
  const big = Math.floor(ms / bigMs);
  const small = Math.floor((ms - big * bigMs) / smallMs);
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit} ${small}${smallUnit}`;
}

/** Local date and time with the zone, for tooltips. */
export function absoluteTime(atMs: number): string {
  return new Date(atMs).toLocaleString(undefined, {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
}

/** `512 B`, `4.2 kB`, `17 MB` (powers of 1000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** Four significant digits, no needless zeros; very large and very small numbers in powers of ten. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return value.toLocaleString('en-US').replaceAll(',', '\u2009');
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toExponential(3);
  return Number(value.toPrecision(4)).toString();
}
