import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const pages = globSync(['*.md', '{packages,examples}/*/*.md', 'docs/**/*.md'], { cwd: root });

function withoutCode(file: string): string {
  return readFileSync(file, 'utf8').replace(/```.*?```/gs, '');
}

/** Anchors of a page's headings, as forges make them. */
function anchorsOf(file: string): string[] {
  const headings = [...withoutCode(file).matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it.each(pages)('every link of %s leads somewhere', (page) => {
  const targets = [...withoutCode(join(root, page)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  for (const target of targets.filter((text) => !/^[a-z]+:/.test(text))) {
    const [path = '', anchor] = target.split('#', 2);
    const file = path === '' ? join(root, page) : join(root, dirname(page), path);
    expect(existsSync(file), target).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(file), target).toContain(anchor);
  }
});
