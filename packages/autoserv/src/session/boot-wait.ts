import { messageOf, sleep } from '@autotest/core';
import { HostLostError } from '../errors.ts';
import type { HostConnection } from '../hosts/connection.ts';
import type { HostTransport } from '../hosts/transport.ts';

/** Cycles the power of a host that does not come back from a reboot. */
export interface Wake {
  /** How long a host may take by itself. */
  readonly afterMs: number;
  cycle(signal: AbortSignal): Promise<void>;
}

export interface BootWaitOptions {
  readonly connection: HostConnection;
  /** For everything together. */
  readonly rebootMs: number;
  /** Absent where the host has no power driver, or is protected. */
  readonly wake?: Wake | undefined;
  readonly signal: AbortSignal;
  /** Told of what is done, for people. */
  readonly note: (message: string) => void;
}

/** Waits for a host that a client on it reboots; one that is not back in time has its power cycled, once. */
export class BootWait {
  readonly #options: BootWaitOptions;
  readonly #endsAt: number;
  #wakeAt: number;

  constructor(options: BootWaitOptions) {
    this.#options = options;
    this.#endsAt = Date.now() + options.rebootMs;
    this.#wakeAt = options.wake ? Date.now() + options.wake.afterMs : Infinity;
  }

  /** The next connection to it. @throws HostLostError when there is none in time */
  async connect(): Promise<HostTransport> {
    const { connection, signal } = this.#options;
    for (;;) {
      const left = Math.min(this.#endsAt, this.#wakeAt) - Date.now();
      try {
        return await connection.connect({ signal, withinMs: Math.max(1000, left) });
      } catch (error) {
        if (!(error instanceof HostLostError) || this.#wakeAt === Infinity) throw error;
        await this.#wake();
      }
    }
  }

  /** The boot id that it tells once it is another one. @throws HostLostError when it does not boot in time */
  async newBootId(before: string | undefined, read: (transport: HostTransport) => Promise<string>): Promise<string> {
    const { connection, rebootMs, signal } = this.#options;
    while (Date.now() < this.#endsAt) {
      signal.throwIfAborted();
      const bootId = await read(await this.connect()).catch(() => before);
      if (bootId !== undefined && bootId !== before) return bootId;
      if (Date.now() >= this.#wakeAt) await this.#wake();
      await sleep(500, { signal });
    }
    throw new HostLostError(connection.spec.name, `it did not reboot within ${Math.round(rebootMs / 1000)} s`);
  }

  async #wake(): Promise<void> {
    const { wake, signal, note } = this.#options;
    this.#wakeAt = Infinity;
    note('it did not come back from its reboot: its power is cycled');
    await wake?.cycle(signal).catch((error: unknown) => {
      signal.throwIfAborted();
      note(messageOf(error));
    });
  }
}
