/**
 * Randomness that a seed decides: the same seed gives the same numbers, on every machine. (The generator is sfc32.)
 *
 * Each part of a simulation takes a source of its own by `split`, so that one part that draws more changes nothing for the others.
 */
export class Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    [this.#a, this.#b, this.#c] = hashOf(this.#seed);
    for (let n = 0; n < 12; n++) this.next();
  }

  /** A source of its own, decided by the seed and the name; what was drawn from this one does not matter. */
  split(name: number | string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** An integer, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.next() * list.length)];
    if (picked === undefined) throw new RangeError('nothing can be picked from an empty list');
    return picked;
  }

  /** Time until the next of events that come independently of each other. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** A span as durations are in practice: most near the median, a few many times as long. @param spread 0: always the median; 1: one in six takes 2.7 times as long */
  duration(medianMs: number, spread: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return Math.max(1, Math.round(medianMs * Math.exp(spread * normal)));
  }
}

function hashOf(text: string): [number, number, number] {
  let [a, b, c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    a = Math.imul(a ^ code, 0x85ebca6b);
    b = Math.imul(b ^ (code + (a >>> 13)), 0xc2b2ae35);
    c = Math.imul(c ^ (code + (b >>> 16)), 0x27d4eb2f);
  }
  return [a | 0, b | 0, c | 0];
}
