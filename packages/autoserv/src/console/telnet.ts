/*
 * The part of telnet (RFC 854, 855) that console servers speak. We want a clear line: what the other end offers of binary transmission, echo and
 * suppressed go-ahead is taken, everything else is refused. Each state is confirmed once, so that two ends never answer each other for ever.
 */
const iac = 255;
const dont = 254;
const doIt = 253;
const wont = 252;
const will = 251;
const subBegin = 250;
const subEnd = 240;
const binary = 0;
const echo = 1;
const goAhead = 3;

type State = 'data' | 'iac' | 'option' | 'sub' | 'subIac' | 'cr';

/** Telnet of one connection, both ways; chunks may end anywhere. */
export class TelnetCodec {
  #state: State = 'data';
  #verb = 0;
  /** Options on, theirs and ours. */
  readonly #theirs = new Set<number>();
  readonly #ours = new Set<number>();
  readonly #refused = new Set<string>();

  /** Data without negotiation, and what is to be answered. */
  decode(chunk: Uint8Array): { readonly data: Buffer; readonly reply: Buffer } {
    const data: number[] = [];
    const reply: number[] = [];
    for (const byte of chunk) this.#take(byte, data, reply);
    return { data: Buffer.from(data), reply: Buffer.from(reply) };
  }

  /** Data as it goes over the line. */
  encode(chunk: Uint8Array): Buffer {
    const bytes: number[] = [];
    for (const byte of chunk) {
      bytes.push(byte);
      if (byte === iac) bytes.push(iac);
      // A carriage return alone is followed by NUL, unless the line is binary.
      if (byte === 13 && !this.#ours.has(binary)) bytes.push(0);
    }
    return Buffer.from(bytes);
  }

  #take(byte: number, data: number[], reply: number[]): void {
    switch (this.#state) {
      case 'cr':
        this.#state = 'data';
        if (byte === 0) return;
        this.#data(byte, data);
        return;
      case 'data':
        this.#data(byte, data);
        return;
      case 'iac':
        this.#command(byte, data);
        return;
      case 'option':
        this.#state = 'data';
        this.#negotiate(this.#verb, byte, reply);
        return;
      case 'sub':
        if (byte === iac) this.#state = 'subIac';
        return;
      case 'subIac':
        this.#state = byte === subEnd ? 'data' : 'sub';
    }
  }

  #data(byte: number, data: number[]): void {
    if (byte === iac) {
      this.#state = 'iac';
      return;
    }
    data.push(byte);
    if (byte === 13 && !this.#theirs.has(binary)) this.#state = 'cr';
  }

  #command(byte: number, data: number[]): void {
    this.#state = 'data';
    if (byte === iac) data.push(iac);
    else if (byte === subBegin) this.#state = 'sub';
    else if (byte >= will && byte <= dont) {
      this.#state = 'option';
      this.#verb = byte;
    }
  }

  #negotiate(verb: number, option: number, reply: number[]): void {
    if (verb === will) this.#wish(this.#theirs, option, [binary, echo, goAhead], [doIt, dont], reply);
    else if (verb === doIt) this.#wish(this.#ours, option, [binary, goAhead], [will, wont], reply);
    else if (verb === wont && this.#theirs.delete(option)) reply.push(iac, dont, option);
    else if (verb === dont && this.#ours.delete(option)) reply.push(iac, wont, option);
  }

  #wish(on: Set<number>, option: number, taken: readonly number[], [yes, no]: [number, number], reply: number[]): void {
    if (on.has(option)) return;
    if (taken.includes(option)) {
      on.add(option);
      reply.push(iac, yes, option);
      return;
    }
    const key = `${no} ${option}`;
    if (this.#refused.has(key)) return;
    this.#refused.add(key);
    reply.push(iac, no, option);
  }
}
