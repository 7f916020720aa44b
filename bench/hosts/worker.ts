/** One task of ours in a process of its own; prints one JSON object. Arguments: task, then a JSON object. */
import { performance } from 'node:perf_hooks';
import { readFileSync } from 'node:fs';
import type { HostSpec } from '@autotest/core';
import { HostConnection } from '../../packages/autoserv/src/hosts/connection.ts';
import { getFiles } from '../../packages/autoserv/src/hosts/transfer/get.ts';
import { sendFiles } from '../../packages/autoserv/src/hosts/transfer/send.ts';
import { quantile } from '../lib/statistics.ts';

interface Input {
  readonly hosts: readonly HostSpec[];
  readonly commands?: number;
  readonly from?: string;
  readonly to?: string;
  readonly command?: readonly string[];
}

const [, , task = '', json = '{}'] = process.argv;
const input = JSON.parse(json) as Input;
const connections = input.hosts.map(
  (spec) =>
    new HostConnection(spec, {
      reconnectMs: 0,
      connectTimeoutMs: 60_000,
      firstAttempts: 1,
      record: () => {},
      env: process.env,
    }),
);
const [first] = connections;
if (!first) throw new Error('no host');
// The module is loaded before the clock starts, as it is in a running autoserv.
await import('../../packages/autoserv/src/hosts/ssh/ssh-transport.ts');

const startedAt = performance.now();
const before = process.cpuUsage();
const figures = await tasks()[task]?.();
const { user, system } = process.cpuUsage(before);
const wallMs = performance.now() - startedAt;
process.stdout.write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, ...figures }));
for (const connection of connections) await connection.close();

function tasks(): Record<string, () => Promise<Record<string, number> | void>> {
  return { commands, latency, send, get, lines, stamps, memory };
}

async function commands(): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      for (let n = 0; n < (input.commands ?? 1); n++) await connection.exec('true');
    }),
  );
}

async function latency(): Promise<Record<string, number>> {
  await first?.exec('true');
  const times: number[] = [];
  for (let n = 0; n < (input.commands ?? 1); n++) {
    const at = performance.now();
    await first?.exec('true');
    times.push(performance.now() - at);
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

function settings() {
  return {
    deleteExtra: false,
    preservePermissions: true,
    preserveSymlinks: false,
    maxBytes: 1e12,
    signal: new AbortController().signal,
  };
}

async function send(): Promise<void> {
  if (first) await sendFiles(first, input.from ?? '', input.to ?? '', settings());
}

async function get(): Promise<void> {
  if (first) await getFiles(first, input.from ?? '', input.to ?? '', settings());
}

/** Every line as a string of its own, as a matcher of lines needs it. */
async function lines(): Promise<Record<string, number>> {
  let count = 0;
  await eachLine(['cat', input.from ?? ''], () => (count += 1));
  return { count };
}

async function stamps(): Promise<Record<string, number>> {
  const times: number[] = [];
  await eachLine(input.command ?? [], (line) => {
    times.push(performance.timeOrigin + performance.now() - Number(line));
  });
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

async function eachLine(command: readonly string[], take: (line: string) => void): Promise<void> {
  const process = await first?.spawn(command);
  if (!process) return;
  process.stdin.end();
  process.stderr.resume();
  let rest = '';
  process.stdout.setEncoding('utf8');
  process.stdout.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) take(line);
  });
  await process.ended;
}

async function memory(): Promise<Record<string, number>> {
  const waiting = connections.values();
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const connection of waiting) await connection.exec('true');
    }),
  );
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return { rssMb: Number(rss) / 1024 };
}
