import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LabUnfitError } from './errors.ts';
import type { MachineKind } from './machine.ts';

/** Program, and the Debian package that has it. */
const always = { ip: 'iproute2', 'ssh-keygen': 'openssh-client', nft: 'nftables', tc: 'iproute2' };
/** For the image of machines with a kernel of their own, and their BMCs. */
const ofKernels = {
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  socat: 'socat',
  setpriv: 'util-linux',
  flock: 'util-linux',
  ipmi_sim: 'openipmi',
  ipmitool: 'ipmitool',
};
const programs: Record<MachineKind, Readonly<Record<string, string>>> = {
  namespace: {
    sshd: 'openssh-server',
    unshare: 'util-linux',
    nsenter: 'util-linux',
    setpriv: 'util-linux',
    flock: 'util-linux',
    script: 'bsdutils',
  },
  uml: { 'linux.uml': 'user-mode-linux', ...ofKernels },
  qemu: { 'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils', ...ofKernels },
};

/** Checks that this machine can make such machines; all that is missing is said in one line. @throws LabUnfitError */
export function checkPreconditions(kinds: readonly MachineKind[]): void {
  if (process.platform !== 'linux') throw new LabUnfitError('this is not Linux', 'Use a Linux machine.');
  const wanted = Object.entries(Object.assign({}, always, ...kinds.map((kind) => programs[kind])) as typeof always);
  const missing = wanted.filter(([program]) => !isInstalled(program));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, name]) => name))];
    throw new LabUnfitError(
      `${missing.map(([program]) => program).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed`,
      `Run: apt-get install ${packages.join(' ')}`,
    );
  }
  if (process.getuid?.() !== 0)
    throw new LabUnfitError(
      'network namespaces need root',
      'Run it as root, or take simulated hosts, which need nothing: autotest lab up --simulated 3',
    );
  if (kinds.includes('namespace') && !existsSync('/proc/self/ns/time'))
    throw new LabUnfitError('this kernel has no time namespaces', 'Linux 5.6 or later is needed.');
}

function isInstalled(program: string): boolean {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return directories.some((directory) => directory !== '' && existsSync(join(directory, program)));
}
