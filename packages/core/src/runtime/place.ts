import { fileURLToPath } from 'node:url';

const frameFile = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/;

/**
 * Place in the user's files from which the running call was made: `control.ts:12`, relative to `root`. Undefined when no frame lies below
 * `root`. Source maps are followed where `process.setSourceMapsEnabled(true)` was called before the module was loaded.
 */
export function callerPlace(root: string): string | undefined {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 20;
  Error.captureStackTrace(holder, callerPlace);
  const { stack = '' } = holder;
  Error.stackTraceLimit = limit;
  for (const line of stack.split('\n')) {
    const match = frameFile.exec(line);
    const file = match?.[1] === undefined ? undefined : pathOf(match[1]);
    if (file?.startsWith(`${root}/`)) return `${file.slice(root.length + 1)}:${match?.[2]}`;
  }
  return undefined;
}

function pathOf(text: string): string | undefined {
  if (!text.startsWith('file:')) return text;
  try {
    return fileURLToPath(text);
  } catch {
    return undefined;
  }
}
