import type { ExecutionContext } from '../execution/context.ts';
import type { HostConnection } from '../hosts/connection.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { readBootId } from './boot-facts.ts';

/**
 * Tells reboots that nobody asked for from those that somebody did: each new connection to a host is asked for its boot id before anything else runs on it, and another one than
 * before is recorded, unless it was to be expected.
 */
export class BootWatch {
  readonly #context: ExecutionContext;
  readonly #connection: HostConnection;
  #seen: HostTransport | undefined;
  #bootId: string | undefined;

  constructor(context: ExecutionContext, connection: HostConnection) {
    this.#context = context;
    this.#connection = connection;
  }

  /** The host is about to boot, or may do so, because somebody asked for it. */
  expectBoot(): void {
    this.#bootId = undefined;
    this.#seen = undefined;
  }

  /** Looks at a connection once. @param scope node of the result tree that is told */
  async look(transport: HostTransport, scope: readonly string[]): Promise<void> {
    if (transport === this.#seen || transport.kind === 'local') return;
    const bootId = await readBootId(this.#connection).catch(() => '');
    if (bootId === '') return;
    this.#seen = transport;
    const before = this.#bootId;
    this.#bootId = bootId;
    if (before === undefined || before === bootId) return;
    const { name } = this.#connection.spec;
    this.#context.recorder.append(
      {
        kind: 'reboot',
        event: 'unexpected',
        host: name,
        bootId,
        message: `${name} rebooted, and nobody here asked for it`,
      },
      scope,
    );
  }
}
