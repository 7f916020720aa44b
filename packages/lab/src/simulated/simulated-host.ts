import { randomUUID } from 'node:crypto';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { sleep } from '@autotest/core';
import ssh2 from 'ssh2';
import { LabError } from '../errors.ts';
import { encodeNewKey } from '../keys.ts';
import { slowMs, type Behaviour } from './behaviour.ts';
import { sendEndlessly } from './endless.ts';
import type { RunCommand } from './session.ts';
import { serveSession } from './session.ts';

export interface SimulatedHostOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly keyFile: string;
  /** Public key that is let in, as ssh2 compares it. */
  readonly userKey: Buffer;
  readonly run: RunCommand;
}

/** A host that is an SSH server in this process: nothing boots, but whoever drives it over SSH sees a host. */
export class SimulatedHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user = 'root';
  /** Private key that is let in. */
  readonly keyFile: string;
  readonly #options: SimulatedHostOptions;
  readonly #sockets = new Set<Socket>();
  readonly #key: ReturnType<typeof encodeNewKey>;
  #behaviour: Behaviour = 'normal';
  #listener: NetServer | undefined;
  #ssh: ssh2.Server | undefined;
  #bootId: string = randomUUID();

  constructor(options: SimulatedHostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.port = options.port;
    this.keyFile = options.keyFile;
    this.#options = options;
    this.#key = encodeNewKey(options.name);
  }

  /** Public host key by which it is known, `ssh-ed25519 AAAA…`. */
  get hostKey(): string {
    return this.#key.publicKey.split(' ').slice(0, 2).join(' ');
  }

  get bootId(): string {
    return this.#bootId;
  }

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  /** From the next connection on; what a command does, from the next command on. */
  async behave(behaviour: Behaviour): Promise<void> {
    if ((behaviour === 'wrongKey') !== (this.#behaviour === 'wrongKey')) this.#ssh = undefined;
    this.#behaviour = behaviour;
    if (behaviour === 'refusing') await this.#unlisten();
    else await this.listen();
  }

  /** Breaks all connections that are open. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks all connections, refuses new ones for a time, and has another boot id then. */
  async reboot(downMs = 100, signal?: AbortSignal): Promise<void> {
    await this.#unlisten();
    this.dropConnections();
    this.#bootId = randomUUID();
    await sleep(downMs, signal === undefined ? {} : { signal });
    if (this.#behaviour !== 'refusing') await this.listen();
  }

  /** @throws LabError when its port is taken */
  async listen(): Promise<void> {
    if (this.#listener) return;
    const listener = createServer((socket) => this.#accept(socket));
    this.#listener = listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', (cause) => {
        this.#listener = undefined;
        reject(new LabError(`${this.address}:${this.port} cannot be listened on: ${cause.message}.`, { cause }));
      });
      listener.listen(this.port, this.address, resolve);
    });
  }

  async close(): Promise<void> {
    await this.#unlisten();
    this.dropConnections();
  }

  async #unlisten(): Promise<void> {
    // Not waited for: it closes when the connections do, and refuses new ones from now on.
    this.#listener?.close();
    this.#listener = undefined;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    switch (this.#behaviour) {
      case 'dead':
        socket.resume();
        return;
      case 'bannerFlood':
        sendEndlessly(socket, `${'Welcome to this host. '.repeat(40)}\r\n`);
        return;
      case 'maxStartups':
        socket.end('Exceeded MaxStartups\r\n');
        return;
      default:
        this.#serve(socket);
    }
  }

  #serve(socket: Socket): void {
    // Made when it is first needed: of thousands, few are ever spoken to at once.
    this.#ssh ??= new ssh2.Server(
      { hostKeys: [this.#behaviour === 'wrongKey' ? encodeNewKey(this.name).privateKey : this.#key.privateKey] },
      (client) => {
        client.on('error', () => {});
        client.on('authentication', (attempt) => {
          if (attempt.method === 'publickey' && attempt.key.data.equals(this.#options.userKey)) attempt.accept();
          else attempt.reject(['publickey']);
        });
        client.on('session', (accept) => serveSession(accept(), this, this.#options.run, () => client.end()));
      },
    );
    this.#ssh.injectSocket(socket);
  }

  /** How long each answer is held back now. */
  get delayMs(): number {
    return this.#behaviour === 'slow' ? slowMs : 0;
  }
}
