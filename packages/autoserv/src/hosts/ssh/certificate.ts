import type { ParsedKey } from 'ssh2';
import { keyType } from './host-keys.ts';

/** An OpenSSH user certificate, as far as a client must understand it (PROTOCOL.certkeys). */
export interface Certificate {
  /** Wire format, which is what the server is shown. */
  readonly blob: Buffer;
  /** `ssh-ed25519`, … of the key that is certified. */
  readonly baseType: string;
  /** Wire format of the key that is certified. */
  readonly publicKey: Buffer;
  readonly principals: readonly string[];
  /** Seconds since the epoch. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
}

const suffix = '-cert-v01@openssh.com';
/** How many fields of a certificate are the public key, by its type. */
const keyFields: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
};
const userCertificate = 1;

/** Reads a certificate in wire format. Undefined where it is none, is one of a host, or of a type that is not known. */
export function parseCertificate(blob: Buffer): Certificate | undefined {
  const type = keyType(blob);
  if (!type.endsWith(suffix)) return undefined;
  const baseType = type.slice(0, -suffix.length);
  const fields = keyFields[baseType];
  if (fields === undefined) return undefined;
  try {
    const reader = new Fields(blob);
    reader.string();
    reader.string(); // nonce
    const key = Array.from({ length: fields }, () => reader.string());
    reader.uint64(); // serial
    const kind = reader.uint32();
    reader.string(); // key id
    const principals = new Fields(reader.string()).strings();
    const validAfter = reader.uint64();
    const validBefore = reader.uint64();
    if (kind !== userCertificate) return undefined;
    const publicKey = Buffer.concat([Buffer.from(baseType), ...key].flatMap((part) => [lengthOf(part), part]));
    return { blob, baseType, publicKey, principals, validAfter, validBefore };
  } catch {
    return undefined;
  }
}

/** Why a certificate cannot let its user in now. Undefined where it can, as far as the client sees. */
export function certificateProblem(certificate: Certificate, nowMs: number): string | undefined {
  const now = BigInt(Math.floor(nowMs / 1000));
  if (now < certificate.validAfter) return `it is valid from ${dateOf(certificate.validAfter)} only`;
  if (now >= certificate.validBefore) return `it ended at ${dateOf(certificate.validBefore)}; have it signed anew`;
  return undefined;
}

function dateOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}

/** The key, showing its certificate where it would show itself. @see teachCertificates */
export function certifiedKey(key: ParsedKey, certificate: Certificate): ParsedKey {
  return Object.create(key, {
    getPublicSSH: { value: () => certificate.blob },
    certificate: { value: true },
  }) as ParsedKey;
}

export function isCertified(key: unknown): boolean {
  return typeof key === 'object' && key !== null && 'certificate' in key;
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

class Fields {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  uint32(): number {
    this.#at += 4;
    return this.#data.readUInt32BE(this.#at - 4);
  }

  uint64(): bigint {
    this.#at += 8;
    return this.#data.readBigUInt64BE(this.#at - 8);
  }

  string(): Buffer {
    const length = this.uint32();
    if (this.#at + length > this.#data.length) throw new RangeError('a field is longer than the whole');
    this.#at += length;
    return this.#data.subarray(this.#at - length, this.#at);
  }

  strings(): string[] {
    const texts: string[] = [];
    while (this.#at < this.#data.length) texts.push(this.string().toString('utf8'));
    return texts;
  }
}
