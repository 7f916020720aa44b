import { createHash } from 'node:crypto';

/** Type of a key in SSH wire format: a length-prefixed name at its start. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return 'unknown';
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : 'unknown';
}

/** `ssh-ed25519 AAAA…`, as OpenSSH writes it. */
export function formatHostKey(key: Buffer): string {
  return `${keyType(key)} ${key.toString('base64')}`;
}

/** Wire format of a line in OpenSSH format; a comment behind it is passed over. Undefined when it is none. */
export function parseHostKey(line: string): Buffer | undefined {
  const [type, data] = line.trim().split(/\s+/);
  if (!type || !data) return undefined;
  const key = Buffer.from(data, 'base64');
  return keyType(key) === type ? key : undefined;
}

/** `ssh-ed25519 SHA256:…`, as OpenSSH shows it to people. */
export function fingerprint(key: Buffer): string {
  return `${keyType(key)} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** Signature algorithms by which a key of this type can prove itself. */
export function signatureAlgorithms(type: string): string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type];
}
