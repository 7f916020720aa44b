import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleControl } from '../../src/bundle/bundle-control.ts';
import { bundleFromJson, bundleToJson } from '../../src/bundle/codec.ts';
import { type ControlBundle, sealBundle } from '../../src/bundle/control-bundle.ts';
import { writeBundle } from '../../src/bundle/write-bundle.ts';
import { control, workspace } from './workspace.ts';

let bundle: ControlBundle;

beforeAll(async () => {
  bundle = await bundleControl({ fileName: 'c.ts', source: control('await job.runTest("sleep");') });
});

describe('A bundle as JSON', () => {
  test('reads back as the same bundle.', () => {
    expect(bundleFromJson(bundleToJson(bundle))).toEqual(bundle);
    expect(bundleFromJson(bundleToJson(bundle), { stored: true })).toEqual(bundle);
  });

  test.each<[string, (bundle: ControlBundle) => unknown]>([
    ['other code', (it) => ({ ...it, files: { 'control.mjs': 'evil()' } })],
    ['other source', (it) => ({ ...it, source: `${it.source}// more` })],
    ['another name', (it) => ({ ...it, fileName: 'd.ts' })],
    ['other metadata', (it) => sealBundle({ ...it, metadata: { ...it.metadata, name: 'other' } })],
    ['further modules', (it) => ({ ...it, modules: { 'x.ts': 'control.mjs' } })],
    ['modules that are not there', (it) => sealBundle({ ...it, modules: { 'x.ts': 'x.mjs' } })],
    ['no entry', (it) => sealBundle({ ...it, entry: 'main.mjs' })],
    ['a path out of it', (it) => sealBundle({ ...it, files: { ...it.files, '../x.mjs': '' } })],
    ['an absolute path', (it) => sealBundle({ ...it, files: { ...it.files, '/x.mjs': '' } })],
    ['an odd path', (it) => sealBundle({ ...it, files: { ...it.files, 'a/./x.mjs': '' } })],
    ['a source that is no control file', (it) => sealBundle({ ...it, source: 'export default 1' })],
    ['files that are no text', (it) => ({ ...it, files: { 'control.mjs': 1 } })],
    ['nothing', () => ({})],
    ['a list', () => []],
  ])('with %s is refused.', (_title, change) => {
    expect(() => bundleFromJson(JSON.stringify(change(bundle)))).toThrow(
      expect.objectContaining({ code: 'AT_BUNDLE_CORRUPT' }),
    );
  });

  test('that is no JSON, or too large, is refused.', () => {
    expect(() => bundleFromJson('{"hash":')).toThrow(expect.objectContaining({ code: 'AT_BUNDLE_CORRUPT' }));
    expect(() => bundleFromJson(bundleToJson(bundle), { maxBytes: 100 })).toThrow(
      expect.objectContaining({ code: 'AT_CONTROL_TOO_LARGE' }),
    );
  });

  test('of the store stays readable when rules for metadata get stricter.', () => {
    const old = sealBundle({
      ...bundle,
      source: `${bundle.source}\n// export default of another time`.replace('name:', 'title:'),
    });
    expect(() => bundleFromJson(bundleToJson(old))).toThrow("There is no field 'title'");
    expect(bundleFromJson(bundleToJson(old), { stored: true }).hash).toBe(old.hash);
  });
});

describe('Writing a bundle', () => {
  test('makes a directory with exactly its files, and again is harmless.', async () => {
    const root = await workspace({});
    const target = join(root, 'deep/bundles/b1');
    const whole = sealBundle({ ...bundle, files: { ...bundle.files, 'tests/a.mjs': 'export default 1;\n' } });
    await writeBundle(whole, target);
    await writeBundle(whole, target);
    expect((await readdir(target, { recursive: true })).sort()).toEqual(['control.mjs', 'tests', 'tests/a.mjs']);
    expect(await readFile(join(target, 'tests/a.mjs'), 'utf8')).toBe('export default 1;\n');
    expect(await readdir(join(root, 'deep/bundles'))).toEqual(['b1']);
  });

  test('at the same time from many sides gives one whole bundle.', async () => {
    const root = await workspace({});
    await Promise.all(Array.from({ length: 10 }, () => writeBundle(bundle, join(root, 'b'))));
    expect(await readFile(join(root, 'b/control.mjs'), 'utf8')).toBe(bundle.files['control.mjs']);
    expect(await readdir(root)).toEqual(['b']);
  });

  test('at the same time over an old directory gives one whole bundle.', async () => {
    const root = await workspace({ 'b/old.mjs': 'x' });
    await Promise.all(Array.from({ length: 5 }, () => writeBundle(bundle, join(root, 'b'))));
    expect(await readdir(root, { recursive: true })).toEqual(['b', 'b/control.mjs']);
  });

  test('replaces what was there before.', async () => {
    const root = await workspace({ 'b/control.mjs': 'torn', 'b/old/extra.mjs': 'x' });
    await writeBundle(bundle, join(root, 'b'));
    expect(await readdir(root, { recursive: true })).toEqual(['b', 'b/control.mjs']);
    expect(await readFile(join(root, 'b/control.mjs'), 'utf8')).toBe(bundle.files['control.mjs']);
  });

  test('does not follow links that lie in the directory.', async () => {
    const root = await workspace({ 'secret/control.mjs': 'keep' });
    await mkdir(join(root, 'b'));
    await symlink(join(root, 'secret/control.mjs'), join(root, 'b/control.mjs'));
    await writeBundle(bundle, join(root, 'b'));
    expect(await readFile(join(root, 'secret/control.mjs'), 'utf8')).toBe('keep');
    expect(await readFile(join(root, 'b/control.mjs'), 'utf8')).toBe(bundle.files['control.mjs']);
  });

  test.each(['../x.mjs', '/tmp/x.mjs', 'a/../../x.mjs', ''])(
    'refuses the path %j and writes nothing.',
    async (path) => {
      const root = await workspace({ 'keep.txt': '' });
      await writeFile(join(root, 'x.txt'), '');
      const evil: ControlBundle = { ...bundle, files: { ...bundle.files, [path]: 'x' } };
      await expect(writeBundle(evil, join(root, 'b'))).rejects.toMatchObject({ code: 'AT_PATH_ESCAPE' });
      expect((await readdir(root)).sort()).toEqual(['keep.txt', 'x.txt']);
    },
  );
});
