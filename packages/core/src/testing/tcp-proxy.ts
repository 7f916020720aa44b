import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy whose connections can be cut and held back: a network cable for tests. */
export interface TcpProxy {
  readonly address: string;
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Breaks every connection and refuses new ones (they are closed at once) until `restore`. */
  cut(): void;
  /** Lets nothing through any more, without closing anything: a network that swallows packets. */
  stall(): void;
  /** Ends `cut` and `stall`. */
  restore(): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of `target`. @param listen where it listens; port 0 takes a free one */
export async function startTcpProxy(
  target: { readonly address: string; readonly port: number },
  listen: { readonly address?: string; readonly port?: number } = {},
): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: 'open' | 'cut' | 'stalled' = 'open';
  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => near.destroy());
    if (mode === 'cut') {
      near.destroy();
      return;
    }
    const far = connect({ host: target.address, port: target.port, noDelay: true });
    far.on('error', () => near.destroy());
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on('close', () => {
      pairs.delete(pair);
      far.destroy();
    });
    far.on('close', () => near.destroy());
    near.pipe(far);
    far.pipe(near);
    if (mode === 'stalled') pause(pair);
  });
  const address = listen.address ?? '127.0.0.1';
  const port = await listenOn(server, address, listen.port ?? 0);
  return {
    address,
    port,
    get connections() {
      return pairs.size;
    },
    cut() {
      mode = 'cut';
      for (const [near] of pairs) near.resetAndDestroy();
    },
    stall() {
      mode = 'stalled';
      for (const pair of pairs) pause(pair);
    },
    restore() {
      mode = 'open';
      for (const [near, far] of pairs) {
        near.pipe(far);
        far.pipe(near);
      }
    },
    async close() {
      for (const [near, far] of pairs) {
        near.destroy();
        far.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pause([near, far]: readonly [Socket, Socket]): void {
  near.unpipe(far);
  far.unpipe(near);
  near.pause();
  far.pause();
}

function listenOn(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}
