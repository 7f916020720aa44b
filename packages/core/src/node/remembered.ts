/** Something that is read from elsewhere and believed for a while. Where it cannot be read again, what was known stays. */
export class Remembered<T> {
  readonly #forMs: number;
  readonly #read: () => Promise<T>;
  #known: { readonly value: T; readonly until: number } | undefined;
  #reading: Promise<T> | undefined;

  constructor(forMs: number, read: () => Promise<T>) {
    this.#forMs = forMs;
    this.#read = read;
  }

  get(): Promise<T> {
    if (this.#known && performance.now() < this.#known.until) return Promise.resolve(this.#known.value);
    this.#reading ??= this.#renew().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #renew(): Promise<T> {
    try {
      const value = await this.#read();
      this.#known = { value, until: performance.now() + this.#forMs };
      return value;
    } catch (error) {
      if (this.#known) return this.#known.value;
      throw error;
    }
  }
}
