import { openSync, readFileSync, writeSync } from 'node:fs';

/**
 * Which file was sent under a path, kept over the life of followers: a follower knows only how many bytes it has, and a file that was
 * written anew under the same name must be sent again from the start.
 */
export class FileIds {
  readonly #file: string;
  #fd: number | undefined;
  readonly #ids = new Map<string, string>();

  constructor(file: string) {
    this.#file = file;
    for (const line of read(file).split('\n')) {
      try {
        const [path, id]: [string, string] = JSON.parse(line);
        this.#ids.set(path, id);
      } catch {
        // The last line may be torn.
      }
    }
  }

  get(path: string): string | undefined {
    return this.#ids.get(path);
  }

  set(path: string, id: string): void {
    if (this.#ids.get(path) === id) return;
    this.#ids.set(path, id);
    try {
      this.#fd ??= openSync(this.#file, 'a');
      writeSync(this.#fd, `${JSON.stringify([path, id])}\n`);
    } catch {
      // A full disk: the next follower may send the file again.
    }
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
