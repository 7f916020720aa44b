import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a Node that is too old is told so, with what to run instead', () => {
  const program = fileURLToPath(new URL('../bin/autotest.js', import.meta.url));
  const older = "data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })";
  const { status, stderr } = spawnSync(process.execPath, ['--import', older, program, 'job', 'list'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([
    2,
    'autotest needs Node 22.17 or newer, and this is 20.20.2. Run it as npx autotest: that takes the Node which is installed with it.\n',
  ]);
});
