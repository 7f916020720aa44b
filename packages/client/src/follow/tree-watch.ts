import { readdirSync, watch, type Dirent, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

export interface TreeEvents {
  /** Path relative to the root; `size` and `time` are looked at by the receiver. */
  onFile(path: string): void;
  onRefused(path: string, why: string): void;
}

const maxDepth = 32;
const maxWatches = 2000;

/**
 * Finds the files of a tree and tells when one may have changed: at once where the system can watch directories, and for the rest by `scan`.
 * Follows no links.
 */
export class TreeWatch {
  readonly #root: string;
  readonly #events: TreeEvents;
  readonly #watchers = new Map<string, FSWatcher>();
  #blind = false;

  constructor(root: string, events: TreeEvents) {
    this.#root = root;
    this.#events = events;
  }

  /** Some directory is not watched: changes there are found by `scan` only. */
  get blind(): boolean {
    return this.#blind;
  }

  /** Looks at the whole tree, and watches directories that are new. */
  scan(directory = '', depth = 0): void {
    const entries = this.#read(directory);
    if (!entries) return;
    this.#watch(directory);
    for (const entry of entries) this.#entry(directory, entry, depth);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #entry(directory: string, entry: Dirent<Buffer>, depth: number): void {
    const name = entry.name.toString('utf8');
    const path = directory === '' ? name : `${directory}/${name}`;
    if (!Buffer.from(name).equals(entry.name)) this.#events.onRefused(path, 'its name is not UTF-8');
    else if (entry.isFile()) {
      // Half-written files that are about to be renamed.
      if (!/^\.\d+\.[a-z0-9]+\.tmp$/.test(name)) this.#events.onFile(path);
    } else if (entry.isDirectory()) {
      if (depth >= maxDepth) this.#events.onRefused(path, `it is more than ${maxDepth} directories deep`);
      else this.scan(path, depth + 1);
    } else this.#events.onRefused(path, `it is ${kindOf(entry)}`);
  }

  #read(directory: string): Dirent<Buffer>[] | undefined {
    try {
      return readdirSync(join(this.#root, directory), { withFileTypes: true, encoding: 'buffer' });
    } catch {
      // Deleted meanwhile, or not there yet.
      return undefined;
    }
  }

  #watch(directory: string): void {
    if (this.#watchers.has(directory)) return;
    if (this.#watchers.size >= maxWatches) {
      this.#blind = true;
      return;
    }
    try {
      const watcher = watch(join(this.#root, directory), (type, name) => {
        if (name === null) return;
        // A new name may be a directory.
        if (type === 'rename') this.scan(directory, directory === '' ? 0 : directory.split('/').length);
        else this.#events.onFile(directory === '' ? name : `${directory}/${name}`);
      });
      const forget = (): void => {
        watcher.close();
        this.#watchers.delete(directory);
      };
      watcher.on('error', forget);
      this.#watchers.set(directory, watcher);
    } catch {
      // Too many watches on this machine.
      this.#blind = true;
    }
  }
}

function kindOf(entry: Dirent<Buffer>): string {
  if (entry.isSymbolicLink()) return 'a symbolic link';
  if (entry.isSocket()) return 'a socket';
  if (entry.isFIFO()) return 'a pipe';
  return 'a device';
}
