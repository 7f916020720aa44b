import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { TargetRefusedError } from '../../errors.ts';
import { isPublicAddress, lookupPublic } from './addresses.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Its beginning. */
  readonly text: string;
}

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly allowPrivateTargets: boolean;
}

/** So much of an answer is read. */
const maxAnswerBytes = 4096;

/**
 * Sends a body over a connection of its own, and follows no redirect. Rejects when there is no answer.
 *
 * @throws TargetRefusedError
 */
export async function post(target: string, body: string, options: PostOptions): Promise<Answer> {
  const { headers, signal, allowPrivateTargets } = options;
  const url = new URL(target);
  if (!allowPrivateTargets) checkLiteral(url.hostname);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal,
      agent: false,
      ...(!allowPrivateTargets && { lookup: lookupPublic }),
    });
    let isAnswered = false;
    call.on('response', (response) => {
      isAnswered = true;
      void beginningOf(response).then((text) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    call.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    call.end(body);
  });
}

/** Addresses in URLs are not looked up. */
function checkLiteral(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (/^[\d.]+$|:/.test(address) && !isPublicAddress(address)) throw new TargetRefusedError(address);
}

/** What comes of an answer until it is enough, ends or breaks off: its status counts in any case. */
function beginningOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size >= maxAnswerBytes) response.destroy();
    });
    response.on('error', () => undefined);
    response.on('close', () => resolve(Buffer.concat(parts).toString('utf8', 0, maxAnswerBytes)));
  });
}
