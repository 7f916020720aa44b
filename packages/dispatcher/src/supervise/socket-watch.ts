import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

interface Directory {
  readonly watcher: FSWatcher;
  readonly listeners: Map<string, Set<() => void>>;
}

/** All executions have their sockets in the same few directories: each is watched once. */
const directories = new Map<string, Directory>();

/**
 * Calls back each time a socket's file comes to be (or goes): whoever waits for it need not look again and again. Gives a function that ends it. Where the kernel has no watches
 * left, or the directory is missing, nothing is called; so look from time to time as well.
 */
export function onSocket(path: string, callback: () => void): () => void {
  const name = basename(path);
  const directory = watched(dirname(path));
  if (!directory) return () => {};
  const listeners = directory.listeners.get(name) ?? new Set();
  directory.listeners.set(name, listeners.add(callback));
  return () => {
    listeners.delete(callback);
    if (listeners.size === 0 && directory.listeners.get(name) === listeners) directory.listeners.delete(name);
    if (directory.listeners.size === 0) forget(dirname(path), directory);
  };
}

function watched(path: string): Directory | undefined {
  const known = directories.get(path);
  if (known) return known;
  try {
    const listeners: Directory['listeners'] = new Map();
    const watcher = watch(path, { persistent: false }, (_event, name) => {
      for (const listener of listeners.get(name ?? '') ?? []) listener();
    });
    const directory = { watcher, listeners };
    watcher.on('error', () => forget(path, directory));
    directories.set(path, directory);
    return directory;
  } catch {
    return undefined;
  }
}

function forget(path: string, directory: Directory): void {
  directory.watcher.close();
  if (directories.get(path) === directory) directories.delete(path);
}
