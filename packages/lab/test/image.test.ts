import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemMirrors } from '../src/image/apt-sources.ts';
import { labCacheDir } from '../src/image/cache-dir.ts';
import { packInitramfs } from '../src/image/initramfs.ts';
import { moduleLoadOrder } from '../src/image/module-load-order.ts';
import { imageRecipe, recipeKey } from '../src/image/recipe.ts';

describe('the guest image', () => {
  it('has a name that changes with its recipe', () => {
    const recipe = imageRecipe();
    expect(recipeKey(recipe)).toBe(recipeKey(imageRecipe()));
    expect(recipeKey({ ...recipe, packages: [...recipe.packages, 'strace'] })).not.toBe(recipeKey(recipe));
  });

  it('is kept where the environment says', () => {
    expect(labCacheDir({ AUTOTEST_LAB_CACHE: '/a' })).toBe('/a');
    expect(labCacheDir({ XDG_CACHE_HOME: '/b' })).toBe('/b/autotest/lab');
  });

  it('loads modules after those that they need', () => {
    const dependencies = 'k/a.ko: k/b.ko k/c.ko\nk/b.ko: k/c.ko\nk/c.ko:\nk/d.ko: k/c.ko\n';
    expect(moduleLoadOrder(dependencies, ['a', 'd'])).toEqual(['k/c.ko', 'k/b.ko', 'k/a.ko', 'k/d.ko']);
    expect(() => moduleLoadOrder(dependencies, ['e'])).toThrow('no module e');
  });

  it('packs an initramfs in the format newc, all parts at multiples of four', () => {
    const archive = packInitramfs([{ path: 'init', mode: 0o100755, content: Buffer.from('hello') }]);
    expect(archive.toString('latin1', 0, 22)).toBe('07070100000001000081ed');
    expect(archive.toString('latin1', 110, 115)).toBe('init\0');
    expect(archive.toString('latin1', 116, 121)).toBe('hello');
    expect(archive.toString('latin1', 124, 130)).toBe('070701');
    expect(archive.byteLength % 4).toBe(0);
  });

  describe('from the mirrors of the system', () => {
    let etcApt: string;
    beforeEach(() => {
      etcApt = mkdtempSync(join(tmpdir(), 'apt-'));
      mkdirSync(join(etcApt, 'sources.list.d'));
    });
    afterEach(() => rmSync(etcApt, { recursive: true, force: true }));

    it('takes files that name the release, and leaves those of others', () => {
      writeFileSync(join(etcApt, 'sources.list'), '# deb http://x/debian bookworm main\n');
      writeFileSync(
        join(etcApt, 'sources.list.d/debian.sources'),
        'URIs: http://mirror.lan/debian\nSuites: bookworm\n',
      );
      writeFileSync(join(etcApt, 'sources.list.d/node.list'), 'deb https://deb.example.org/node bookworm main\n');
      expect(systemMirrors('bookworm', etcApt)).toEqual([join(etcApt, 'sources.list.d/debian.sources')]);
    });
  });
});
