import { Transform, type TransformCallback } from 'node:stream';
import type { Command } from '@autotest/core';
import { CommandInvalidError } from '../../errors.ts';
import { quoteArgv, quoteWord } from '../quote.ts';
import { commandVariable } from '../sweep.ts';
import type { SpawnOptions } from '../transport.ts';

/**
 * What is sent as the command of an SSH channel.
 *
 * sshd gives it to the user's login shell, and makes each channel a session and process group of its own. A small /bin/sh takes over, says on stdout who
 * it is (one line that begins with a marker nobody can guess, and that `PidLine` takes out again) and becomes the command. So the group can be
 * killed later from another channel, where the SSH protocol's own signals are ignored by many servers.
 */
export function remoteLine(command: Command, options: SpawnOptions, marker: string): string {
  const parts = [
    options.group === false
      ? ''
      : `read -r s 2>/dev/null </proc/$$/stat || s=$$; printf '%s %s\\n' ${quoteWord(marker)} "$s"`,
    options.group === false ? '' : `export ${commandVariable}=${quoteWord(marker)}`,
    options.cwd === undefined
      ? ''
      : `cd ${quoteWord(options.cwd.startsWith('-') ? `./${options.cwd}` : options.cwd)} || exit 126`,
    ...Object.entries(options.env ?? {}).map(([name, value]) => `export ${checkName(name)}=${quoteWord(value)}`),
    typeof command === 'string' ? checkText(command) : `exec ${quoteArgv(command)}`,
  ];
  return `exec /bin/sh -c ${quoteWord(parts.filter((part) => part !== '').join('\n'))}`;
}

function checkName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new CommandInvalidError(`${JSON.stringify(name)} is not the name of an environment variable`);
}

function checkText(command: string): string {
  if (command.trim() === '') throw new CommandInvalidError('it is empty');
  return command;
}

/** Most bytes that a login shell's own noise may take before the marker. */
const maxNoiseBytes = 64 * 1024;

/** Takes the marker line (and what a login shell printed before it) out of stdout and gives the process ids in it. */
export class PidLine extends Transform {
  readonly #marker: Buffer;
  readonly #onPid: (ids: { pid: number; pgid: number } | undefined) => void;
  #head: Buffer | undefined = Buffer.alloc(0);

  constructor(marker: string, onPid: (ids: { pid: number; pgid: number } | undefined) => void) {
    super();
    this.#marker = Buffer.from(`${marker} `);
    this.#onPid = onPid;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, callback: TransformCallback): void {
    if (this.#head === undefined) return callback(null, chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const start = this.#head.indexOf(this.#marker);
    const end = start === -1 ? -1 : this.#head.indexOf(10, start);
    if (end === -1 && this.#head.length < maxNoiseBytes) return callback();
    const rest = end === -1 ? this.#head : this.#head.subarray(end + 1);
    this.#onPid(end === -1 ? undefined : parseIds(this.#head.toString('utf8', start + this.#marker.length, end)));
    this.#head = undefined;
    if (rest.length > 0) this.push(rest);
    callback();
  }

  override _flush(callback: TransformCallback): void {
    if (this.#head !== undefined) {
      if (this.#head.length > 0) this.push(this.#head);
      this.#onPid(undefined);
    }
    callback();
  }
}

/** From a line of /proc/PID/stat, or a bare pid. */
function parseIds(text: string): { pid: number; pgid: number } | undefined {
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const pgid = Number(fields[2]);
  return { pid, pgid: Number.isSafeInteger(pgid) && pgid > 1 ? pgid : pid };
}
