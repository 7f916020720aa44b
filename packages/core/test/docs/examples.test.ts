import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (file: string): string => readFileSync(root + file, 'utf8');

/** Code blocks below a comment that names their example. */
const blocks = globSync('docs/**/*.md', { cwd: root }).flatMap((page) =>
  [...read(page).matchAll(/<!-- (examples\/\S+) -->\s+```ts\n(.*?)```/gs)].map(([, file = '', code = '']) => ({
    page,
    file,
    code,
  })),
);

it('There are pages that show examples.', () => {
  expect(blocks.length).toBeGreaterThan(0);
});

it.each(blocks)('$page shows $file as it is', ({ file, code }) => {
  expect(code).toBe(read(file));
});
