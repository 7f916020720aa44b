import { StringDecoder } from 'node:string_decoder';

interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

type StreamName = 'stdout' | 'stderr';

interface Part {
  readonly decoder: StringDecoder;
  text: string;
}

/** Longest line that is waited for; a longer one is printed in pieces. */
const maxLine = 64 * 1024;

/** Prints output of many hosts by whole lines, each with its host in front. Control characters of strangers do not reach the terminal. */
export class HostLines {
  readonly #output: Output;
  readonly #parts = new Map<string, Record<StreamName, Part>>();

  constructor(output: Output) {
    this.#output = output;
  }

  push(host: string, stream: StreamName, chunk: Buffer): void {
    let parts = this.#parts.get(host);
    if (!parts) {
      parts = { stdout: newPart(), stderr: newPart() };
      this.#parts.set(host, parts);
    }
    const part = parts[stream];
    const lines = (part.text + part.decoder.write(chunk)).split('\n');
    part.text = lines.pop() ?? '';
    if (part.text.length > maxLine) {
      lines.push(part.text);
      part.text = '';
    }
    if (lines.length > 0) this.#output[stream].write(lines.map((line) => `${host}: ${clean(line)}\n`).join(''));
  }

  /** Prints what a host left without an end of line. */
  end(host: string): void {
    const parts = this.#parts.get(host);
    this.#parts.delete(host);
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = parts?.[stream].text;
      if (text) this.#output[stream].write(`${host}: ${clean(text)}\n`);
    }
  }

  /** What we say of a host. */
  say(host: string, message: string): void {
    this.#output.stderr.write(`${host}: ${clean(message)}\n`);
  }

  /** Output that several hosts have in common. */
  group(hosts: readonly string[], text: string): void {
    const lines = text.replace(/\n$/, '').split('\n').map(clean);
    const rule = '-'.repeat(15);
    this.#output.stdout.write(`${rule}\n${hosts.join(',')} (${hosts.length})\n${rule}\n${lines.join('\n')}\n`);
  }
}

function newPart(): Part {
  return { decoder: new StringDecoder('utf8'), text: '' };
}

/** Tabs stay: tables are made of them. */
function clean(line: string): string {
  return line
    .replace(/\r$/, '')
    .replace(/[^\P{Cc}\t]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
