import { namespaced, type Fault } from './fault.ts';

/**
 * A file system of its own over the directory, with a copy of what is there, and full. Files that are open already stay where they are; what changes below the directory
 * meanwhile is gone afterwards.
 */
export const fill: Fault = {
  description: 'fills the disk below a directory of the host: nothing can be written there any more',
  value: 'directory; /var/tmp where none is given',
  async apply(target) {
    const machine = namespaced(target);
    const path = target.value ?? '/var/tmp';
    const run = (script: string): Promise<string> => machine.run(['sh', '-ec', script, 'sh', path]);
    await run(`
      d=$(mktemp -d /run/fill.XXXXXX)
      mkdir -p "$1"
      mount -t tmpfs full "$d" -o "size=$(($(du -sk "$1" | cut -f1) + 64))k"
      cp -a "$1/." "$d/" 
      mount --move "$d" "$1"
      dd if=/dev/zero of="$1/.full" bs=4096 2>/dev/null || true`);
    return async () => {
      await run(`umount -l "$1"`);
    };
  },
};
