const codes = { good: 32, bad: 31, warn: 33, dim: 2, bold: 1 } as const;

/** Shows a part of a text: `good`, `bad` and `warn` verdicts, `dim` circumstances, `bold` titles. */
export type Paint = (style: keyof typeof codes, text: string) => string;

/** Colours where a terminal is written to; `FORCE_COLOR` (but `0`) and `NO_COLOR` decide otherwise. */
export function makePaint(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  const isForced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0';
  const wanted = isForced || (stream.isTTY === true && !env.NO_COLOR && env.FORCE_COLOR !== '0');
  return (style, text) => (wanted ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}
