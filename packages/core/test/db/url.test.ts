import { resolve } from 'node:path';
import { openDatabase } from '@autotest/core/db';
import { describe, expect, it } from 'vitest';
import { describeAddress, parseDatabaseUrl } from '../../src/db/url.ts';

describe('database URLs', () => {
  it.each([
    ['sqlite::memory:', ':memory:'],
    ['sqlite:/var/lib/a.db', '/var/lib/a.db'],
    ['sqlite:///var/lib/a.db', '/var/lib/a.db'],
    ['sqlite:here.db', resolve('here.db')],
  ])('understand %s', (url, file) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', file });
  });

  it('understand servers, with escapes and defaults', () => {
    expect(parseDatabaseUrl('mysql://anna:p%40ss@db.example:3307/auto?tls=true')).toEqual({
      kind: 'server',
      host: 'db.example',
      port: 3307,
      user: 'anna',
      password: 'p@ss',
      database: 'auto',
      tls: true,
    });
    expect(parseDatabaseUrl('mariadb://[::1]/auto?socketPath=/run/m.sock')).toEqual({
      kind: 'server',
      host: '::1',
      port: 3306,
      user: 'root',
      database: 'auto',
      socketPath: '/run/m.sock',
      tls: false,
    });
  });

  it.each(['', 'postgres://u:secret@h/d', 'sqlite:', 'sqlite://host/a.db', 'mysql://h', 'mysql://h/', 'mysql://h/%zz'])(
    'that are wrong are refused: %s',
    async (url) => {
      await expect(openDatabase(url)).rejects.toMatchObject({
        code: 'AT_DATABASE_URL',
        message: expect.not.stringContaining('secret'),
      });
    },
  );

  it('are named in messages without their passwords', () => {
    expect(describeAddress(parseDatabaseUrl('mysql://anna:secret@h/d'))).toBe('h:3306/d');
  });

  it('of servers that are not there say what to check', async () => {
    await expect(openDatabase('mysql://root@127.0.0.1:1/d')).rejects.toMatchObject({
      code: 'AT_DATABASE_UNREACHABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1.*check that the server runs/),
    });
  });

  it('of files that cannot be used say what to check', async () => {
    await expect(openDatabase(`sqlite:${import.meta.filename}/a.db`, { migrate: true })).rejects.toMatchObject({
      code: 'AT_DATABASE_UNREACHABLE',
    });
    await expect(openDatabase(`sqlite:${import.meta.filename}`)).rejects.toMatchObject({
      code: 'AT_DATABASE_UNREACHABLE',
    });
  });
});
