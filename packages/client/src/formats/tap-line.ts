/*
 * Lines of TAP 12 to 14 and KTAP. Nesting is by indentation; kernel self tests put `# ` before nested lines as well, which counts as
 * indentation in KTAP only.
 */

export type TapLine =
  | { readonly kind: 'version'; readonly indent: number }
  | { readonly kind: 'plan'; readonly indent: number; readonly count: number; readonly skip?: string | undefined }
  | {
      readonly kind: 'result';
      readonly indent: number;
      readonly ok: boolean;
      readonly number?: number | undefined;
      readonly name: string;
      readonly directive?: { readonly word: string; readonly text: string } | undefined;
    }
  | { readonly kind: 'bail'; readonly reason: string }
  | { readonly kind: 'yamlStart' }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'other'; readonly text: string };

const printkTime = /^\s*(?:<\d>)?\[\s*\d+\.\d+\](?:\[[^\]]{1,20}\])? ?/;
const resultPattern = /^(not )?ok(?:\s+(\d{1,9}))?(?:\s+-|-)?(?:\s+(.*))?$/;
const planPattern = /^(?:1|0)\.\.(\d{1,9})(?:\s*#\s*(.*))?\s*$/;
const directivePattern = /(?:^|\s)#\s*(skip|todo|xfail|xpass|timeout|error)\b\S*:?\s*(.*)$/i;

/** Reads one line. */
export function readTapLine(line: string, dialect: 'tap' | 'ktap'): TapLine {
  const bare = dialect === 'ktap' ? line.replace(printkTime, '') : line;
  const { indent, text } = dialect === 'ktap' ? stripKtap(bare) : stripTap(bare);
  if (/^(?:K?TAP) version \d+\s*$/i.test(text)) return { kind: 'version', indent };
  const plan = planPattern.exec(text);
  if (plan) return { kind: 'plan', indent, count: Number(plan[1]), skip: skipOf(plan[2]) };
  const result = resultPattern.exec(text);
  if (result) return { kind: 'result', indent, ok: result[1] === undefined, ...describe(result[2], result[3] ?? '') };
  if (/^Bail out!/i.test(text)) return { kind: 'bail', reason: text.slice('Bail out!'.length).trim() };
  if (/^\s*---\s*$/.test(text)) return { kind: 'yamlStart' };
  if (text.startsWith('#')) return { kind: 'comment', text: text.slice(1).trim() };
  return { kind: 'other', text };
}

function stripTap(line: string): { indent: number; text: string } {
  const text = line.trimStart();
  return { indent: line.length - text.length, text };
}

/** Takes `# ` away only where a line of the protocol stands behind it: other comments stay comments. */
function stripKtap(line: string): { indent: number; text: string } {
  const match = /^(?:\s|# )*/.exec(line)?.[0] ?? '';
  const text = line.slice(match.length);
  if (match.includes('#') && !/^(?:not ok\b|ok\b|1\.\.\d|K?TAP version)/.test(text)) return stripTap(line);
  return { indent: match.length, text };
}

function skipOf(text: string | undefined): string | undefined {
  const match = /^skip\S*\s*(.*)$/i.exec(text ?? '');
  return match ? (match[1] ?? '') : undefined;
}

function describe(
  number: string | undefined,
  rest: string,
): Pick<Extract<TapLine, { kind: 'result' }>, 'number' | 'name' | 'directive'> {
  // An escaped `#` belongs to the name.
  const hidden = rest.replaceAll('\\\\', '\u0001').replaceAll('\\#', '\u0002');
  const match = directivePattern.exec(hidden);
  const name = match ? hidden.slice(0, match.index) : hidden;
  return {
    number: number === undefined ? undefined : Number(number),
    name: show(name),
    directive: match?.[1] === undefined ? undefined : { word: match[1].toLowerCase(), text: show(match[2] ?? '') },
  };
}

function show(text: string): string {
  return text.replaceAll('\u0002', '#').replaceAll('\u0001', '\\').trim();
}
