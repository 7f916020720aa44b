// Colours, cursor movements and titles: CSI, OSC and two-character sequences of ECMA-48, each bounded.
const sequences =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /\u001b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)|[ -/]{0,2}[0-Z\\^-~])/g;
// oxlint-disable-next-line no-control-regex -- as above
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Text of a console for a terminal or a page: escape sequences are left out, other control characters are written as `\x1b`. */
export function safeText(text: string): string {
  return text.replace(sequences, '').replace(controls, (char) => {
    const code = char.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}
