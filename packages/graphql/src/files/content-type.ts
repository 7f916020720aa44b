import { extname } from 'node:path';

const images: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};

/** What is text, though some of it has types of its own: shown as text it cannot do anything. */
const texts = new Set([
  '',
  '.txt',
  '.log',
  '.json',
  '.ndjson',
  '.yaml',
  '.yml',
  '.csv',
  '.tap',
  '.ts',
  '.diff',
  '.patch',
  '.md',
]);

/** How a results file is sent: text and pictures are shown, everything else is saved. */
export function contentTypeOf(path: string): { readonly type: string; readonly inline: boolean } {
  const extension = extname(path).toLowerCase();
  const image = Object.hasOwn(images, extension) ? images[extension] : undefined;
  if (image !== undefined) return { type: image, inline: true };
  if (texts.has(extension)) return { type: 'text/plain; charset=utf-8', inline: true };
  return { type: 'application/octet-stream', inline: false };
}
