/** Colours where the terminal and the user's environment want them. */
export interface Paint {
  (style: 'good' | 'bad' | 'dim' | 'bold', text: string): string;
}

const codes = { good: 32, bad: 31, dim: 2, bold: 1 } as const;

export function makePaint(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const wanted = env.FORCE_COLOR ? true : stream.isTTY === true && !env.NO_COLOR;
  return (style, text) => (wanted ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}
