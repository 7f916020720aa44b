/** One entry of an initramfs. */
export interface InitramfsEntry {
  readonly path: string;
  /** File type and permissions, as in stat(2). */
  readonly mode: number;
  readonly content?: Uint8Array;
  /** For device nodes. */
  readonly device?: readonly [major: number, minor: number];
}

const alignment = 4;

/** An initramfs as the kernel unpacks it: cpio in the format `newc` (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function packInitramfs(entries: readonly InitramfsEntry[]): Buffer {
  const trailer: InitramfsEntry = { path: 'TRAILER!!!', mode: 0 };
  return Buffer.concat([...entries, trailer].flatMap((entry, index) => packEntry(entry, index + 1)));
}

function packEntry(
  { path, mode, content = new Uint8Array(), device = [0, 0] }: InitramfsEntry,
  inode: number,
): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, content.byteLength, 0, 0, ...device, name.byteLength, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [padded(Buffer.concat([header, name])), padded(Buffer.from(content))];
}

function padded(bytes: Buffer): Buffer {
  const missing = (alignment - (bytes.byteLength % alignment)) % alignment;
  return Buffer.concat([bytes, Buffer.alloc(missing)]);
}
