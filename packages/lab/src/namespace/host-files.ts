import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { coalesce } from '../coalesce.ts';
import { runTool } from '../run-tool.ts';
import type { MachineOptions } from '../machine-factory.ts';
import { bootScript, haltScript, initScript, sshdConfig } from './boot-script.ts';

/** What is shared with this machine where there is no root file system to share; the rest is the host's own. */
const shared = ['usr', 'etc', 'opt', 'var/lib/dpkg'];
/** Links into /usr, or directories, by distribution. */
const platform = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];
const own = ['root', 'home', 'srv', 'mnt', 'media', 'boot', 'var/log', 'var/cache', 'var/spool', 'var/lib', 'var/tmp'];
const mountPoints = ['proc', 'sys', 'dev', 'run', 'tmp', '.old', 'etc', 'etc/ssh'];
const fdLinks = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2' };

/**
 * Lays out the directory of a namespaced host:
 *
 *     root/      where its root file system is put together; with this machine's programs also its own directories
 *     upper/     its changes to what is shared
 *     ssh/       its /etc/ssh: nothing of this machine's keys is to be seen there
 *     files/     what the boot script reads
 *     console.fifo, boot_id, lock
 *
 * @param rootFs to share; this machine's own programs and configuration where there is none
 */
export async function makeHostFiles(options: MachineOptions, rootFs: string | undefined): Promise<void> {
  const { stateDir, name, address, network } = options;
  const files = directory(stateDir, 'files');
  const root = directory(stateDir, 'root');
  const upper = directory(stateDir, 'upper');
  // Where directories of the host's own are, below the file system that will be its root.
  const base = rootFs === undefined ? root : upper;
  for (const path of [...mountPoints, ...(rootFs === undefined ? own : ['root'])]) directory(base, path);
  chmodSync(join(base, 'root'), 0o700);
  if (rootFs === undefined) chmodSync(join(base, 'var/tmp'), 0o1777);
  writeFileSync(join(files, 'boot'), bootScript);
  writeFileSync(
    join(files, 'fstab'),
    fstab(rootFs === undefined ? ownLayers(stateDir) : sharedLayer(stateDir, rootFs)),
  );
  writeFileSync(join(files, 'fstab.late'), fstab(lateMounts(stateDir)));
  writeFileSync(
    join(files, 'network'),
    `link set lo up
addr replace ${address}/${network.prefixLength} dev eth0
link set eth0 up
route replace default via ${network.gateway}
`,
  );
  writeChanges(upper, name, address);
  writeAccess(options, directory(stateDir, 'ssh'), directory(base, 'root/.ssh'));
  makeDevices(directory(files, 'dev'));
  await makeFifo(join(stateDir, 'console.fifo'));
}

function directory(base: string, path: string): string {
  const full = join(base, path);
  mkdirSync(full, { recursive: true });
  return full;
}

/** [what, where, type, options] */
type Mount = readonly [what: string, where: string, type: string, options: string];

/** Overlay over the directories that are shared; links are copied. */
function ownLayers(stateDir: string): Mount[] {
  const root = join(stateDir, 'root');
  const directories = shared.filter((name) => existsSync(`/${name}`));
  for (const name of platform.filter((entry) => existsSync(`/${entry}`))) {
    if (lstatSync(`/${name}`).isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(root, name));
    else directories.push(name);
  }
  symlinkSync('/run', join(root, 'var/run'));
  symlinkSync('/run/lock', join(root, 'var/lock'));
  return [
    [root, root, 'none', 'bind'],
    ...directories.map((name) => overlay(stateDir, `/${name}`, name)),
    ...system(root),
  ];
}

function sharedLayer(stateDir: string, rootFs: string): Mount[] {
  return [overlay(stateDir, rootFs, ''), ...system(join(stateDir, 'root'))];
}

function overlay(stateDir: string, lower: string, name: string): Mount {
  const upper = directory(stateDir, join('upper', name));
  const work = directory(stateDir, join('work', name.replaceAll('/', '-')));
  const root = directory(stateDir, join('root', name));
  return ['overlay', root, 'overlay', `lowerdir=${lower},upperdir=${upper},workdir=${work}`];
}

function system(root: string): Mount[] {
  return [
    ['proc', `${root}/proc`, 'proc', 'nosuid,nodev,noexec'],
    ['sysfs', `${root}/sys`, 'sysfs', 'ro,nosuid,nodev,noexec'],
    ['dev', `${root}/dev`, 'tmpfs', 'mode=755,size=64k'],
    ['run', `${root}/run`, 'tmpfs', 'mode=755,size=32m'],
    ['tmp', `${root}/tmp`, 'tmpfs', 'mode=1777,size=512m'],
  ];
}

/** Over what the first ones and the devices brought. */
function lateMounts(stateDir: string): Mount[] {
  const root = join(stateDir, 'root');
  const bootId = '/proc/sys/kernel/random/boot_id';
  return [
    ['devpts', `${root}/dev/pts`, 'devpts', 'newinstance,ptmxmode=0666,mode=620,gid=5'],
    ['shm', `${root}/dev/shm`, 'tmpfs', 'mode=1777,size=64m'],
    [`${stateDir}/console.fifo`, `${root}/dev/console`, 'none', 'bind'],
    [`${stateDir}/ssh`, `${root}/etc/ssh`, 'none', 'bind'],
    // The kernel's settings are those of the machine below: nothing here may change them, or press its keys.
    [`${root}/proc/sys`, `${root}/proc/sys`, 'none', 'bind,ro'],
    ...(existsSync('/proc/sysrq-trigger')
      ? [[`${root}/proc/sysrq-trigger`, `${root}/proc/sysrq-trigger`, 'none', 'bind,ro'] as const]
      : []),
    [`${stateDir}/boot_id`, `${root}${bootId}`, 'none', 'bind'],
  ];
}

function fstab(mounts: readonly Mount[]): string {
  const escape = (text: string): string => text.replaceAll(' ', String.raw`\040`);
  return mounts.map((mount) => `${mount.map(escape).join(' ')} 0 0\n`).join('');
}

function writeChanges(upper: string, name: string, address: string): void {
  const etc = directory(upper, 'etc');
  const sbin = directory(upper, 'usr/sbin');
  writeFileSync(join(etc, 'hostname'), `${name}\n`);
  writeFileSync(join(etc, 'hosts'), `127.0.0.1 localhost\n${address} ${name}\n`);
  for (const file of ['fstab', 'ld.so.preload']) writeFileSync(join(etc, file), '');
  writeFileSync(join(sbin, 'lab-init'), initScript);
  for (const command of ['reboot', 'poweroff', 'halt', 'shutdown'])
    writeFileSync(join(sbin, command), haltScript, { mode: 0o755 });
}

function writeAccess({ hostKeyFile, authorizedKey }: MachineOptions, ssh: string, dotSsh: string): void {
  writeFileSync(join(ssh, 'sshd_config'), sshdConfig);
  for (const end of ['', '.pub']) copyFileSync(`${hostKeyFile}${end}`, join(ssh, `ssh_host_ed25519_key${end}`));
  chmodSync(join(ssh, 'ssh_host_ed25519_key'), 0o600);
  chmodSync(dotSsh, 0o700);
  writeFileSync(join(dotSsh, 'authorized_keys'), `${authorizedKey.trim()}\n`, { mode: 0o600 });
}

const makeFifo = coalesce<string>(async (paths) => {
  await runTool(['mkfifo', '-m', '600', ...paths]);
});

/** What is beside the device nodes, which the boot script copies from this machine. */
function makeDevices(dev: string): void {
  for (const name of ['pts', 'shm']) directory(dev, name);
  for (const [name, target] of Object.entries({ ...fdLinks, ptmx: 'pts/ptmx' })) symlinkSync(target, join(dev, name));
  writeFileSync(join(dev, 'console'), '');
}
