import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Real services that tests can start; the path of the program, undefined where it is not installed. */
export interface Services {
  readonly mariadbd?: string;
  readonly mariadbInstallDb?: string;
  readonly sshd?: string;
  readonly chromium?: string;
  readonly slurmctld?: string;
  readonly slurmd?: string;
  readonly munged?: string;
  /** Network namespaces and links: iproute2. */
  readonly ip?: string;
  readonly nft?: string;
  readonly unshare?: string;
  /** User-mode Linux. */
  readonly uml?: string;
  readonly qemu?: string;
  readonly ipmiSim?: string;
  readonly ipmitool?: string;
  readonly mmdebstrap?: string;
  readonly snmpset?: string;
  /** libvirt's client. */
  readonly virsh?: string;
}

/** Which real services this machine has. Also looks where servers are installed, which is not on everybody's PATH. */
export function findServices(environment: NodeJS.ProcessEnv = process.env): Services {
  const directories = [
    ...(environment.PATH ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    '/usr/bin',
    '/sbin',
  ];
  const find = (...names: string[]): string | undefined =>
    names.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable);
  return withoutUndefined({
    mariadbd: find('mariadbd', 'mysqld'),
    mariadbInstallDb: find('mariadb-install-db', 'mysql_install_db'),
    sshd: find('sshd'),
    chromium: find('chromium', 'chromium-browser', 'google-chrome'),
    slurmctld: find('slurmctld'),
    slurmd: find('slurmd'),
    munged: find('munged'),
    ip: find('ip'),
    nft: find('nft'),
    unshare: find('unshare'),
    uml: find('linux.uml'),
    qemu: find('qemu-system-x86_64'),
    ipmiSim: find('ipmi_sim'),
    ipmitool: find('ipmitool'),
    mmdebstrap: find('mmdebstrap'),
    snmpset: find('snmpset'),
    virsh: find('virsh'),
  });
}

/**
 * Why tests on a real service must be skipped here, for `describe.skipIf`; undefined where the service is there. With AUTOTEST_REQUIRE_SERVICES=1 nothing is skipped: then
 * the tests run, and fail for want of the service.
 */
export function missingService(service: keyof Services): string | undefined {
  if (process.env.AUTOTEST_REQUIRE_SERVICES === '1' || findServices()[service] !== undefined) return undefined;
  return `${service} is not installed`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function withoutUndefined(services: { [service in keyof Services]: string | undefined }): Services {
  return Object.fromEntries(Object.entries(services).filter(([, path]) => path !== undefined));
}
