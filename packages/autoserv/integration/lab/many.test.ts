import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulatedHosts, type Behaviour, type SimulatedHosts } from '@autotest/lab';
import { runOnHosts, type HostResult } from '../../src/hosts/fan-out.ts';
import { host } from '../support.ts';

const bad: readonly Behaviour[] = [
  'dead',
  'slow',
  'refusing',
  'bannerFlood',
  'endlessOutput',
  'wrongKey',
  'maxStartups',
  'dropsMidCommand',
  'dead',
  'bannerFlood',
];
let simulated: SimulatedHosts;
beforeAll(async () => {
  simulated = await startSimulatedHosts({ count: 200, mode: 'shell' });
  // Every tenth one is not well: twenty of two hundred.
  for (const [index, one] of simulated.hosts.entries())
    if (index % 10 === 9) await one.behave(bad[Math.floor(index / 10) % bad.length] ?? 'dead');
});
afterAll(() => simulated?.close());

test('two hundred hosts of which twenty are dead, slow or hostile: each tells its own', async () => {
  const specs = simulated.hosts.map(({ name, address, port, user, keyFile, hostKey }) =>
    host({ name, transport: 'ssh', address, port, user, keyFile, hostKeys: [hostKey] }),
  );
  const before = process.memoryUsage().rss;
  const results = new Map<string, HostResult>();
  for await (const result of runOnHosts(specs, ['true'], { connectTimeout: '5 s', timeout: '5 s', parallel: 64 }))
    results.set(result.host, result);
  expect(results.size).toBe(200);
  const good = simulated.hosts.filter((_, index) => index % 10 !== 9);
  for (const { name } of good) expect(results.get(name)?.result, name).toMatchObject({ exitCode: 0 });
  const codes = simulated.hosts.flatMap(({ name }, index) => {
    if (index % 10 !== 9) return [];
    const { result, error } = results.get(name) ?? { host: name };
    const code = error && 'code' in error ? String(error.code) : undefined;
    return [[bad[Math.floor(index / 10) % bad.length], code ?? (result?.timedOut ? 'timed out' : result?.exitCode)]];
  });
  const expected: Readonly<Record<string, unknown>> = {
    dead: 'AT_HOST_UNREACHABLE',
    slow: 0,
    refusing: 'AT_HOST_UNREACHABLE',
    bannerFlood: 'AT_HOST_UNREACHABLE',
    endlessOutput: 'timed out',
    wrongKey: 'AT_HOST_KEY_MISMATCH',
    maxStartups: 'AT_HOST_UNREACHABLE',
    dropsMidCommand: 'AT_HOST_LOST',
  };
  expect(codes).toEqual(codes.map(([behaviour]) => [behaviour, expected[String(behaviour)]]));
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
});
