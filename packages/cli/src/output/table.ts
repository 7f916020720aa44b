import stringWidth from 'string-width';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

/** Rows as aligned text under upper-case titles; no borders, so that it can be cut and grepped. */
export function formatTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const lines = [
    columns.map(({ title }) => title.toUpperCase()),
    ...rows.map((row) => columns.map(({ value }) => oneLine(value(row)))),
  ];
  const widths = columns.map((_, column) => Math.max(...lines.map((cells) => stringWidth(cells[column] ?? ''))));
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => pad(cell, widths[column] ?? 0, columns[column]?.align ?? 'left'))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Names and reasons come from hosts: control characters must not reach the terminal. Our own colours (SGR) may. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  return text.replace(/\u001b(?!\[[0-9;]*m)/g, '').replace(/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]+/g, ' ');
}
