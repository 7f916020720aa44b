import type { Client, ParsedKey } from 'ssh2';
import { isCertified } from './certificate.ts';
import { sendPacket } from './ssh2.ts';

/** What is used of ssh2's protocol object. It is no public interface: ssh2 is pinned, and tests log in with certificates at a real sshd. */
interface Protocol {
  authPK(username: string, key: ParsedKey, algorithm?: string | Sign, sign?: Sign): void;
  readonly _kex: { readonly sessionID: Buffer };
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _authsQueue: string[];
}

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;

const userAuthRequest = 50;

/**
 * Lets a client log in with certificates. ssh2 names the same algorithm in the request and in the signature; with a certificate the request says
 * `ssh-ed25519-cert-v01@openssh.com` and the signature, which the key makes, `ssh-ed25519`. Only requests with certified keys go another way than ssh2's. To be called
 * between `connect` and the login.
 */
export function teachCertificates(client: Client): void {
  const protocol = (client as unknown as { _protocol: Protocol })._protocol;
  const plain = protocol.authPK.bind(protocol);
  protocol.authPK = (username, key, algorithm, sign) => {
    if (!isCertified(key)) return plain(username, key, algorithm, sign);
    const signer = typeof algorithm === 'function' ? algorithm : sign;
    request(protocol, { username, key, algorithm: typeof algorithm === 'string' ? algorithm : key.type, sign: signer });
  };
}

function request(
  protocol: Protocol,
  about: { username: string; key: ParsedKey; algorithm: string; sign: Sign | undefined },
): void {
  const body = Buffer.concat([
    Buffer.from([userAuthRequest]),
    ...[about.username, 'ssh-connection', 'publickey'].map(string),
    Buffer.from([about.sign ? 1 : 0]),
    string(`${about.algorithm}-cert-v01@openssh.com`),
    string(about.key.getPublicSSH()),
  ]);
  const send = (payload: Buffer): void => {
    const { write } = protocol._packetRW;
    const start = write.allocStart;
    const packet = write.alloc(payload.length);
    packet.set(payload, start);
    protocol._authsQueue.push('publickey');
    sendPacket(protocol, write.finalize(packet));
  };
  if (!about.sign) return send(body);
  about.sign(Buffer.concat([string(protocol._kex.sessionID), body]), (signature) => {
    const wire = toWire(signature, about.key.type);
    send(Buffer.concat([body, string(Buffer.concat([string(about.algorithm), string(wire)]))]));
  });
}

/** ECDSA signatures of OpenSSL are a DER sequence of two integers, those of SSH two strings; agents give the latter already. */
function toWire(signature: Buffer, type: string): Buffer {
  if (!type.startsWith('ecdsa-') || signature[0] === 0) return signature;
  // SEQUENCE with a length of one byte, or of two for P-521.
  let at = signature[1] === 0x81 ? 3 : 2;
  const integers = [0, 1].map(() => {
    const length = signature[at + 1] ?? 0;
    at += 2 + length;
    return string(signature.subarray(at - length, at));
  });
  return Buffer.concat(integers);
}

function string(data: string | Buffer): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
