import { serializeError } from '../errors/autotest-error.ts';

const hidden = '[hidden]';
const maxDepth = 6;

/** Names of fields whose value is nobody's business, whatever it is. */
const secretName =
  /^(?:.*[_-])?(?:pass(?:word|wd|phrase)?|secret|secretHash|token|apiToken|authorization|cookie|set-cookie|private[_-]?key|credentials?)$/i;
const secretCamelName = /[a-z0-9](?:Password|Passphrase|Secret|Token|Authorization|Cookie|PrivateKey|Credentials?)$/;

/** Secrets within a text: in addresses of databases and proxies, in headers, in login links. */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  // Up to the last @ of the word: a password that should have been escaped is one all the same.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@?#]*):\S+@/gi, `$1:${hidden}@`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${hidden}`],
  [/\b(pass(?:word|wd)?|secret|token)=[^\s&;,"']+/gi, `$1=${hidden}`],
];

function isSecret(name: string): boolean {
  return secretName.test(name) || secretCamelName.test(name);
}

/** The text without the secrets in it. */
export function redactText(text: string): string {
  return secretTexts.reduce((shown, [pattern, instead]) => shown.replace(pattern, instead), text);
}

/**
 * Plain JSON of anything, without secrets: fields named like one are hidden, texts are searched for them. Errors are taken apart; circles and what is
 * nested deeply are cut.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '…';
  if (value instanceof Error) return redact(serializeError(value), depth + 1);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return redactFields(value as Readonly<Record<string, unknown>>, depth + 1);
}

export function redactFields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isSecret(name) && value !== undefined && value !== null ? hidden : redact(value, depth),
    ]),
  );
}
