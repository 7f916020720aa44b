import type { PowerCall, PowerDriver, PowerState } from '../drivers/power-driver.ts';

/** A power driver for tests: it remembers what it was told, and says so to whoever plays the host. */
export class FakePower implements PowerDriver {
  readonly where = 'fake:';
  /** Orders, oldest first. */
  readonly told: ('on' | 'off' | 'cycle' | 'reset' | 'nmi')[] = [];
  state: PowerState;
  /** Called with each order before it resolves. What it throws is thrown. */
  onOrder: (order: FakePower['told'][number]) => Promise<void> | void = () => {};

  constructor(state: PowerState = 'on') {
    this.state = state;
  }

  on(call: PowerCall): Promise<void> {
    return this.#take('on', 'on', call);
  }

  off(call: PowerCall): Promise<void> {
    return this.#take('off', 'off', call);
  }

  cycle(call: PowerCall): Promise<void> {
    return this.#take('cycle', 'on', call);
  }

  reset(call: PowerCall): Promise<void> {
    return this.#take('reset', this.state, call);
  }

  nmi(call: PowerCall): Promise<void> {
    return this.#take('nmi', this.state, call);
  }

  async status({ signal }: PowerCall): Promise<PowerState> {
    signal?.throwIfAborted();
    return this.state;
  }

  async #take(order: FakePower['told'][number], state: PowerState, { signal }: PowerCall): Promise<void> {
    signal?.throwIfAborted();
    this.told.push(order);
    await this.onOrder(order);
    this.state = state;
  }
}
