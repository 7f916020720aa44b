import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { messageOf } from '@autotest/core';
import type { Chassis } from './chassis.ts';
import type { Bmc } from './ipmi-bmc.ts';
import { answerRedfish, type RedfishAnswer } from './redfish-resources.ts';

export interface RedfishBmcOptions {
  readonly address: string;
  /** TCP; 0: any that is free. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Certificate and key as PEM. @default plain HTTP, for loopback and labs */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const maxBodyBytes = 65_536;

/** Starts a BMC that speaks Redfish (DMTF DSP0266): one computer system, its power, its boot override and its light. */
export async function startRedfishBmc(chassis: Chassis, options: RedfishBmcOptions): Promise<Bmc> {
  const { address, tls, user, password } = options;
  const handle = (request: IncomingMessage, response: ServerResponse): void =>
    void serve(chassis, options, request).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, failure(500, messageOf(error))),
    );
  const server: Server = tls ? createSecureServer(tls, handle) : createServer(handle);
  server.requestTimeout = 30_000;
  server.listen(options.port, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `redfish+${tls ? 'https' : 'http'}://${user}:${password}@${address}:${port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(chassis: Chassis, options: RedfishBmcOptions, request: IncomingMessage): Promise<RedfishAnswer> {
  const path = (request.url ?? '/').split('?')[0]?.replace(/\/+$/, '') ?? '';
  // The root tells strangers which version this is, and nothing else (DSP0266, 13.3).
  const isOpen = path === '/redfish' || path === '/redfish/v1';
  if (!isOpen && !isAllowed(request.headers.authorization, options))
    return failure(401, 'Log in with basic authentication.');
  const body = await readBody(request);
  if (body === undefined) return failure(413, 'The body is too long.');
  let parsed: unknown;
  try {
    parsed = body === '' ? {} : JSON.parse(body);
  } catch {
    return failure(400, 'The body is not JSON.');
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  if (!isObject) return failure(400, 'The body is not an object.');
  return answerRedfish(chassis, request.method ?? 'GET', path, parsed as Record<string, unknown>);
}

function isAllowed(header: string | undefined, { user, password }: RedfishBmcOptions): boolean {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return timingSafeEqual(digest(header ?? ''), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, body }: RedfishAnswer): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'OData-Version': '4.0',
    ...(status === 401 && { 'WWW-Authenticate': 'Basic realm="BMC"' }),
  });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function failure(status: number, message: string): RedfishAnswer {
  return { status, body: { error: { code: 'Base.1.0.GeneralError', message } } };
}
