import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (file: string): string => readFileSync(root + file, 'utf8');
const page = read('docs/reference/configuration.md');

/** Rows of the tables below a heading, up to the next heading: what stands in the cells. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();
}

const longOption = /--([a-z][a-z-]+)/g;

/** Long options that the first cells of the tables below a heading name; of those with so many columns, where that is given. */
function documentedOptions(heading: string, columns?: number): string[] {
  const rows = rowsBelow(heading).filter((row) => columns === undefined || row.length === columns);
  return matches(rows.map(([first]) => first).join(' '), longOption);
}

/** Options that a program declares for `parseArgs`. */
function parsedOptions(file: string): string[] {
  const options = matches(read(file), /^ +'?([a-z-]+)'?: \{ type: '(?:string|boolean)'/gm);
  expect(options).toContain('help');
  return options.filter((name) => name !== 'help');
}

describe('the configuration page', () => {
  it('lists every variable of the environment that is ours, and no other', () => {
    const files = [...globSync('packages/*/src/**/*.{ts,vue}', { cwd: root }), 'vitest.config.ts'];
    const used = matches(files.map(read).join('\n'), /\b(AUTOTEST_[A-Z_]+)\b/g);
    expect(matches(page, /\b(AUTOTEST_[A-Z_]+)\b/g)).toEqual(used);
  });

  it('lists every other variable that the programs read by its name', () => {
    const source = globSync('packages/*/src/**/*.ts', { cwd: root }).map(read).join('\n');
    const documented = matches(page, /\b([A-Z][A-Z_]{1,}[A-Z])\b/g);
    expect(documented).toEqual(expect.arrayContaining(matches(source, /\benv\.([A-Z][A-Z_]+)\b/g)));
  });

  it('lists the options of the commands that serve', () => {
    const sources = ['up', 'execution-options'].map((name) => read(`packages/cli/src/commands/${name}.ts`));
    const options = matches(sources.join('\n'), /\.option\('([a-z-]+)'/g);
    expect(options).toContain('data');
    expect(documentedOptions('Servers and dispatchers', 4)).toEqual(options);
  });

  it('lists the options of autotest-dispatcher', () => {
    const options = parsedOptions('packages/dispatcher/src/main.ts');
    expect(documentedOptions('Servers and dispatchers', 3)).toEqual(options);
  });

  it.each([
    ['autoserv by hand', 'packages/autoserv/src/standalone/options.ts'],
    ['The client by hand', 'packages/client/src/standalone/command-line.ts'],
  ])('lists the options of %s', (heading, file) => {
    expect(documentedOptions(heading)).toEqual(parsedOptions(file));
  });

  it.each([
    ['Limits of a dispatcher', 'DispatcherLimits', 'packages/dispatcher/src/options.ts'],
    ['Limits of a notifier', 'NotifierLimits', 'packages/dispatcher/src/notify/options.ts'],
  ])('lists the %s with their defaults', (heading, type, file) => {
    const limits = new RegExp(`interface ${type} \\{(.*?)\\n\\}`, 's').exec(read(file))?.[1] ?? '';
    const declared = [...limits.matchAll(/@default (.+?) \*\/\s+readonly (\w+)/g)].map(([, value, name]) => [
      `\`${name}\``,
      value,
    ]);
    expect(declared.length).toBeGreaterThan(0);
    expect(rowsBelow(heading).map(([name, , value]) => [name, value])).toEqual(declared);
  });

  it('leaves no cell of a name or a meaning empty', () => {
    for (const row of page.split('\n').filter((line) => line.startsWith('| `')))
      expect(
        row
          .split('|')
          .slice(1, 3)
          .every((cell) => cell.trim() !== ''),
        row,
      ).toBe(true);
  });
});
