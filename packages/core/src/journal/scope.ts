/**
 * Path of a result node as one string: the segments of its scope, escaped and joined by `/`. Names come from strangers, so `%`, `/` and control
 * characters are written as %XX; everything else stays readable. `''` is the execution itself.
 */
export function nodePath(scope: readonly string[]): string {
  return scope.map(escapeSegment).join('/');
}

/** The scope that `nodePath` made this of. */
export function parseNodePath(path: string): string[] {
  return path === '' ? [] : path.split('/').map(unescapeSegment);
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const special = /[%/\u0000-\u001f\u007f]/g;

function escapeSegment(segment: string): string {
  // An empty name would vanish from the joined path.
  if (segment === '') return '%';
  return segment.replace(special, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function unescapeSegment(segment: string): string {
  if (segment === '%') return '';
  return segment.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
