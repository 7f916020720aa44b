import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FollowFrame } from '@autotest/core';
import { confinePath } from '@autotest/core/node';
import { asDiskError } from '../errors.ts';
import { mirrorPath } from './mirror-path.ts';

export interface MirrorOptions {
  /** Results directory of the execution. */
  readonly root: string;
  readonly label: string;
  /** Subdirectory for this host's files, `''` for none. */
  readonly below: string;
  /** Bytes of all files together. */
  readonly maxBytes: number;
  /** Takes what was not mirrored and why. */
  readonly onProblem: (path: string, why: string) => void;
}

type DataFrame = Extract<FollowFrame, { type: 'data' }>;

const maxFiles = 100_000;
const maxOpen = 64;

/**
 * Copy of a host's results tree that follows its growth.
 *
 * What comes is data of a stranger: each path is confined to the results directory, only regular files and directories are made, no link is followed, and size
 * and count are bounded. Bytes are written at their offset and only where they continue the file, so frames that come twice change nothing.
 */
export class Mirror {
  readonly #options: MirrorOptions;
  /** Size of each file by the host's path. */
  readonly #have = new Map<string, number>();
  readonly #refused = new Set<string>();
  /** By target path; oldest first. */
  readonly #open = new Map<string, number>();
  readonly #directories = new Set<string>();
  #bytes = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Sizes for a FollowRequest. */
  have(): Record<string, number> {
    return Object.fromEntries(this.#have);
  }

  /** Takes up a file that an earlier autoserv mirrored. */
  adopt(path: string): void {
    const target = mirrorPath(path, this.#options.label, this.#options.below);
    if (target === undefined) return;
    const stat = lstatSync(confinePath(this.#options.root, target), { throwIfNoEntry: false });
    if (!stat?.isFile()) return;
    this.#have.set(path, stat.size);
    this.#bytes += stat.size;
  }

  refuse(path: string, why: string): void {
    if (this.#refused.has(path) || this.#refused.size > 1000) return;
    this.#refused.add(path);
    this.#options.onProblem(path, why);
  }

  /**
   * Writes the bytes of a frame. Gives true when the file grew.
   *
   * @throws ResultsDiskFullError; a plain Error for a frame that leaves a gap, which an honest client never sends
   */
  apply(frame: DataFrame, data: Buffer): boolean {
    const { path } = frame;
    if (this.#refused.has(path)) return false;
    const known = this.#have.get(path);
    if (known === undefined && this.#have.size >= maxFiles) {
      this.refuse(path, `there are more than ${maxFiles} files`);
      return false;
    }
    const have = frame.replace ? 0 : (known ?? 0);
    if (frame.offset > have)
      throw new Error(`bytes of ${JSON.stringify(path.slice(0, 200))} from ${frame.offset} on while ${have} are there`);
    const fresh = data.subarray(have - frame.offset);
    if (this.#bytes + fresh.length > this.#options.maxBytes && path !== 'journal.ndjson') {
      this.refuse(path, `the results are larger than ${this.#options.maxBytes} bytes`);
      return false;
    }
    const target = mirrorPath(path, this.#options.label, this.#options.below);
    if (target === undefined) {
      this.refuse(path, 'its name leads out of the results directory, or is too long or too deep');
      return false;
    }
    return this.#write(path, target, frame, fresh, have);
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #write(path: string, target: string, frame: DataFrame, fresh: Buffer, have: number): boolean {
    const file = confinePath(this.#options.root, target);
    try {
      const fd = this.#descriptor(file, frame.mode);
      if (frame.replace) {
        this.#bytes -= this.#have.get(path) ?? 0;
        ftruncateSync(fd, 0);
      }
      for (let done = 0; done < fresh.length;) done += writeSync(fd, fresh, done, fresh.length - done, have + done);
    } catch (error) {
      const explained = asDiskError(file, error);
      if (explained !== error) throw explained;
      this.refuse(path, (error as Error).message);
      return false;
    }
    this.#bytes += fresh.length;
    this.#have.set(path, have + fresh.length);
    return fresh.length > 0 || have === 0;
  }

  #descriptor(file: string, mode: number): number {
    const open = this.#open.get(file);
    if (open !== undefined) return open;
    this.#makeDirectory(dirname(file));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = openSync(file, flags, (mode & 0o755) | 0o600);
    if (!fstatSync(fd).isFile()) {
      closeSync(fd);
      throw new Error('something else than a file has this name');
    }
    this.#open.set(file, fd);
    if (this.#open.size > maxOpen) this.#closeOldest();
    return fd;
  }

  #closeOldest(): void {
    const [oldest] = this.#open;
    if (!oldest) return;
    this.#open.delete(oldest[0]);
    closeSync(oldest[1]);
  }

  /** Makes a directory and its parents up to the root, none of which may be a link. */
  #makeDirectory(directory: string): void {
    if (directory === this.#options.root || this.#directories.has(directory)) return;
    this.#makeDirectory(dirname(directory));
    const stat = lstatSync(directory, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(directory, { mode: 0o755 });
    else if (!stat.isDirectory())
      throw new Error(`${join('.', directory.slice(this.#options.root.length))} is no directory`);
    this.#directories.add(directory);
  }
}
