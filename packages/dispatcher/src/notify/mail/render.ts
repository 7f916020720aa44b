import type { Letter, LetterSection } from './letter.ts';

/** One line for headers and lists: without control characters, marks that turn the direction of text, and line breaks of any kind. */
export function oneLine(text: string, max = 500): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .toWellFormed();
  return line.length <= max ? line : `${line.slice(0, max - 1).toWellFormed()}…`;
}

/** Lines of a longer text, each as `oneLine` makes it. */
function lines(text: string): string[] {
  return text
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => oneLine(line, 1000))
    .filter((line) => line !== '');
}

/** The part for programs that show no HTML. */
export function renderText(letter: Letter, footer: string): string {
  const sections = filled(letter).map(({ title, items, more }) =>
    [
      `${title}:`,
      ...items.flatMap(({ text, detail }) => [
        `  ${oneLine(text)}`,
        ...(detail === undefined ? [] : lines(detail).map((line) => `      ${line}`)),
      ]),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
  );
  const links = [letter.url, letter.command && `Run it again: ${letter.command}`].filter((one) => one !== undefined);
  return `${[oneLine(letter.headline, 2000), ...sections, ...(links.length > 0 ? [links.join('\n')] : []), `-- \n${oneLine(footer)}`].join('\n\n')}\n`;
}

/** The part for people: no styles, images or links from elsewhere. */
export function renderHtml(letter: Letter, footer: string): string {
  const sections = filled(letter).map(({ title, items, more }) => {
    const rows = items.map(({ text, detail }) => {
      const below = detail === undefined ? '' : `<pre>${lines(detail).map(escapeHtml).join('\n')}</pre>`;
      return `<li>${escapeHtml(oneLine(text))}${below}</li>`;
    });
    const rest = more > 0 ? `<li>and ${more} more</li>` : '';
    return `<h3>${escapeHtml(title)}</h3>\n<ul>${rows.join('\n')}${rest}</ul>`;
  });
  const url =
    letter.url === undefined ? '' : `<p><a href="${escapeHtml(letter.url)}">${escapeHtml(letter.url)}</a></p>`;
  const command = letter.command === undefined ? '' : `<p>Run it again: <code>${escapeHtml(letter.command)}</code></p>`;
  return [
    '<!doctype html>',
    `<html><head><meta charset="utf-8"><title>${escapeHtml(oneLine(letter.subject))}</title></head><body>`,
    `<p>${escapeHtml(oneLine(letter.headline, 2000))}</p>`,
    ...sections,
    url,
    command,
    `<p><small>${escapeHtml(oneLine(footer))}</small></p>`,
    '</body></html>',
    '',
  ].join('\n');
}

function filled({ sections }: Letter): LetterSection[] {
  return sections.filter(({ items }) => items.length > 0);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? '');
}
