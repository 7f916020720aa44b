import type { ListedFile } from '@autotest/core/node';

/** In order of their worth. */
const kinds = [
  /^(?:[^/]+\/)?debug\/client\.[^/]+\.log$/,
  /^debug\/autoserv\.log$/,
  /^status\.log$/,
  /\/debug\/output\.log$/,
  /(?:^|\/)debug\/[^/]+$/,
  /^crashinfo\.[^/]+\//,
  /\.log$/,
];

const maxLogs = 500;

/** The files that people read as logs, the main one first. */
export function selectLogs(files: readonly ListedFile[]): ListedFile[] {
  return files
    .map((file) => ({ file, rank: kinds.findIndex((kind) => kind.test(file.path)) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || (a.file.path < b.file.path ? -1 : 1))
    .slice(0, maxLogs)
    .map(({ file }) => file);
}
