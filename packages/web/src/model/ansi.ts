/** A piece of a line with the classes that dress it. */
export interface StyledText {
  readonly text: string;
  readonly classes: string;
}

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

interface Style {
  colour: number | undefined;
  background: number | undefined;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
}

// Escape sequences of terminals: CSI, OSC (ended by BEL or ST, or cut off), other two-byte ones; and control characters but the tab.
const sequence =
  // oxlint-disable-next-line no-control-regex
  /\u001b\[([0-9;:?<=>]*)[ -/]*([@-~])|\u001b[\]P^_X][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/** The line without escape sequences and control characters; of text overwritten by carriage returns only the last. */
export function plainLine(line: string): string {
  return lastOverwrite(line).replace(sequence, '');
}

/** The line cut at its colours (the basic 16, bold, dim, italic, underline, inverse); all else that a terminal would obey is left out. */
export function styledLine(line: string): StyledText[] {
  const text = lastOverwrite(line);
  const style = plainStyle();
  const pieces: StyledText[] = [];
  let from = 0;
  for (const match of text.matchAll(sequence)) {
    add(pieces, text.slice(from, match.index), style);
    from = match.index + match[0].length;
    if (match[2] === 'm') applySgr(style, match[1] ?? '');
  }
  add(pieces, text.slice(from), style);
  return pieces;
}

function lastOverwrite(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}

function add(pieces: StyledText[], text: string, style: Style): void {
  if (text !== '') pieces.push({ text, classes: classesOf(style) });
}

function plainStyle(): Style {
  return {
    colour: undefined,
    background: undefined,
    bold: false,
    dim: false,
    italic: false,
    underline: false,
    inverse: false,
  };
}

function classesOf(style: Style): string {
  const classes: string[] = [];
  if (style.colour !== undefined) classes.push(`fg-${colours[style.colour % 8]}`);
  if (style.background !== undefined) classes.push(`bg-${colours[style.background % 8]}`);
  for (const name of ['bold', 'dim', 'italic', 'underline', 'inverse'] as const) if (style[name]) classes.push(name);
  return classes.join(' ');
}

function applySgr(style: Style, text: string): void {
  const codes = text.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      i += extendedColour(style, code, codes.slice(i + 1));
      continue;
    }
    applyCode(style, code);
  }
}

/** 256 and true colours: the basic ones of the palette are taken, the others pass; gives how many codes belong to it. */
function extendedColour(style: Style, code: number, rest: readonly number[]): number {
  if (rest[0] === 2) return 4;
  if (rest[0] !== 5) return 0;
  const index = rest[1];
  if (index !== undefined && index < 16) style[code === 38 ? 'colour' : 'background'] = index;
  return 2;
}

function applyCode(style: Style, code: number): void {
  if (code === 0) Object.assign(style, plainStyle());
  else if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 3) style.italic = true;
  else if (code === 4) style.underline = true;
  else if (code === 7) style.inverse = true;
  else if (code === 22) Object.assign(style, { bold: false, dim: false });
  else if (code === 23) style.italic = false;
  else if (code === 24) style.underline = false;
  else if (code === 27) style.inverse = false;
  else if (code >= 30 && code <= 37) style.colour = code - 30;
  else if (code === 39) style.colour = undefined;
  else if (code >= 40 && code <= 47) style.background = code - 40;
  else if (code === 49) style.background = undefined;
  else if (code >= 90 && code <= 97) style.colour = code - 90;
  else if (code >= 100 && code <= 107) style.background = code - 100;
}
