import { styledLine, type StyledText } from '../../../model/ansi.ts';

export interface LinePiece extends StyledText {
  readonly isMatch: boolean;
}

/** Longer lines are cut: the browser lays out what it is given, seen or not. */
export const maxShownChars = 4000;

/** A log line as it is drawn: its colours, with what is searched for (case does not matter) set apart. */
export function linePieces(text: string, search: string): { pieces: LinePiece[]; hiddenChars: number } {
  const hiddenChars = Math.max(0, text.length - maxShownChars);
  const styled = styledLine(hiddenChars === 0 ? text : text.slice(0, maxShownChars));
  return {
    pieces: search === '' ? styled.map((piece) => ({ ...piece, isMatch: false })) : markMatches(styled, search),
    hiddenChars,
  };
}

/** A match may begin in one colour and end in another. */
function markMatches(styled: readonly StyledText[], search: string): LinePiece[] {
  const ranges = matchRanges(styled.map((piece) => piece.text).join(''), search);
  const pieces: LinePiece[] = [];
  let at = 0;
  for (const { text, classes } of styled) {
    const end = at + text.length;
    let from = at;
    for (const range of ranges) {
      if (range.end <= from || range.start >= end) continue;
      const start = Math.max(range.start, from);
      const stop = Math.min(range.end, end);
      if (start > from) pieces.push({ text: text.slice(from - at, start - at), classes, isMatch: false });
      pieces.push({ text: text.slice(start - at, stop - at), classes, isMatch: true });
      from = stop;
    }
    if (from < end) pieces.push({ text: text.slice(from - at), classes, isMatch: false });
    at = end;
  }
  return pieces;
}

function matchRanges(text: string, search: string): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, at + wanted.length)) {
    ranges.push({ start: at, end: at + wanted.length });
  }
  return ranges;
}
