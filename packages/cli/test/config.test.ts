import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findServer, removeLocalServer, writeLocalServer } from '../src/config.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'config-'));
  vi.stubEnv('HOME', home);
  for (const name of ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'AUTOTEST_SERVER', 'AUTOTEST_TOKEN', 'AUTOTEST_DATA'])
    vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

describe('a command finds its server', () => {
  it('that runs on this machine for this user, and nobody else can read its token', () => {
    const data = join(home, '.local/share/autotest');
    const access = { url: 'http://127.0.0.1:8080', token: 'secret' };
    writeLocalServer(data, access);
    expect(findServer({})).toEqual(access);
    expect(statSync(join(data, 'server.json')).mode & 0o077).toBe(0);
    removeLocalServer(data, { ...access, token: 'of another one' });
    expect(findServer({})).toEqual(access);
    removeLocalServer(data, access);
    expect(() => findServer({})).toThrow(expect.objectContaining({ code: 'AT_NO_SERVER' }));
  });

  it('named by option before environment before configuration', () => {
    mkdirSync(join(home, '.config/autotest'), { recursive: true });
    writeFileSync(join(home, '.config/autotest/config.yaml'), 'server: http://configured\ntoken: t1\n');
    expect(findServer({})).toEqual({ url: 'http://configured', token: 't1' });
    vi.stubEnv('AUTOTEST_SERVER', 'http://environment');
    vi.stubEnv('AUTOTEST_TOKEN', 't2');
    expect(findServer({})).toEqual({ url: 'http://environment', token: 't2' });
    expect(findServer({ server: 'http://option' })).toEqual({ url: 'http://option', token: 't2' });
  });

  it('never sends the token of this machine elsewhere', () => {
    writeLocalServer(join(home, '.local/share/autotest'), { url: 'http://127.0.0.1:8080', token: 'secret' });
    expect(findServer({ server: 'http://elsewhere' })).toEqual({ url: 'http://elsewhere', token: undefined });
  });
});
