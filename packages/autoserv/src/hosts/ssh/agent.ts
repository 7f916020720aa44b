import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { ParsedKey } from 'ssh2';
import { certifiedKey, parseCertificate, type Certificate } from './certificate.ts';
import { formatHostKey } from './host-keys.ts';
import { parseKey, SshAgent } from './ssh2.ts';

const requestIdentities = 11;
const identitiesAnswer = 12;
const signRequest = 13;
const signResponse = 14;
const rsaSha256 = 2;
const rsaSha512 = 4;
const maxAnswerBytes = 256 * 1024;

interface AgentKeyOptions {
  /** Keys in wire format; only these are offered, in this order. @default all that the agent holds */
  readonly only?: readonly Buffer[];
  /** Certificates of files, shown for keys that the agent holds. */
  readonly certificates: readonly Certificate[];
  readonly timeoutMs: number;
}

/** Keys of an OpenSSH agent, certificates among them, which ssh2's own agent passes over. */
export class AgentKeys extends SshAgent<ParsedKey> {
  readonly #path: string;
  readonly #options: AgentKeyOptions;
  /** Under which blob the agent knows a key that is shown as another. */
  readonly #held = new Map<ParsedKey, Buffer>();

  constructor(path: string, options: AgentKeyOptions) {
    super();
    this.#path = path;
    this.#options = options;
  }

  override getIdentities(callback: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    this.#identities().then(
      (keys) => callback(undefined, keys),
      (error: Error) => callback(error),
    );
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: { hash?: string } | ((error?: Error | null, signature?: Buffer) => void),
    callback?: (error?: Error | null, signature?: Buffer) => void,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#sign(key, data, hash).then(
      (signature) => done?.(null, signature),
      (error: Error) => done?.(error),
    );
  }

  async #identities(): Promise<ParsedKey[]> {
    const answer = await this.#ask(Buffer.from([requestIdentities]), identitiesAnswer);
    const blobs: Buffer[] = [];
    for (let at = 5, left = answer.readUInt32BE(1); left > 0; left--) {
      const blob = stringAt(answer, at);
      blobs.push(blob);
      at += 4 + blob.length;
      at += 4 + stringAt(answer, at).length;
    }
    const keys = blobs.flatMap((blob) => this.#keysOf(blob));
    // Certificates first: they were made to be used, and sshd counts each key that it refuses.
    return keys.toSorted((a, b) => Number('certificate' in b) - Number('certificate' in a));
  }

  #keysOf(blob: Buffer): ParsedKey[] {
    const certificate = parseCertificate(blob);
    const plain = certificate?.publicKey ?? blob;
    if (this.#options.only?.every((wanted) => !wanted.equals(plain))) return [];
    const key = parseKey(formatHostKey(plain));
    if (key instanceof Error) return [];
    const certificates = certificate
      ? [certificate]
      : this.#options.certificates.filter(({ publicKey }) => publicKey.equals(plain));
    const certified = certificates.map((one) => certifiedKey(key, one));
    const shown = certificate ? certified : [...certified, key];
    for (const one of shown) this.#held.set(one, blob);
    return shown;
  }

  async #sign(key: ParsedKey, data: Buffer, hash: string | undefined): Promise<Buffer> {
    const blob = this.#held.get(key) ?? key.getPublicSSH();
    const flags = hash === 'sha256' ? rsaSha256 : hash === 'sha512' ? rsaSha512 : 0;
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(flags);
    const request = Buffer.concat([Buffer.from([signRequest]), withLength(blob), withLength(data), tail]);
    const signature = stringAt(await this.#ask(request, signResponse), 1);
    const format = stringAt(signature, 0);
    return stringAt(signature, 4 + format.length);
  }

  async #ask(body: Buffer, expected: number): Promise<Buffer> {
    const answer = await promisify(exchange)(this.#path, withLength(body), this.#options.timeoutMs);
    if (answer[0] !== expected) throw new Error(`the SSH agent at ${this.#path} refuses`);
    return answer;
  }
}

/** One question and one answer, on a connection of its own. */
function exchange(
  path: string,
  request: Buffer,
  timeoutMs: number,
  callback: (error: Error | null, answer: Buffer) => void,
): void {
  const socket = connect(path);
  let data = Buffer.alloc(0);
  let done = false;
  const finish = (error: Error | null): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    socket.destroy();
    callback(error, data.subarray(4));
  };
  const fail = (why: string): void => finish(new Error(`the SSH agent at ${path} ${why}`));
  const timer = setTimeout(() => fail('does not answer'), timeoutMs);
  socket.on('error', (error) => fail(`cannot be asked: ${error.message}`));
  socket.on('close', () => fail('closed the connection'));
  socket.on('data', (chunk) => {
    data = Buffer.concat([data, chunk]);
    const length = data.length < 4 ? undefined : data.readUInt32BE(0);
    if (length === undefined) return;
    if (length === 0 || length > maxAnswerBytes) fail('answers nonsense');
    else if (data.length >= 4 + length) finish(null);
  });
  socket.write(request);
}

function stringAt(data: Buffer, at: number): Buffer {
  const end = at + 4 + data.readUInt32BE(at);
  if (end > data.length) throw new Error('the SSH agent answers nonsense');
  return data.subarray(at + 4, end);
}

function withLength(data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}
