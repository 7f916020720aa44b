import { userInfo } from 'node:os';
import type { Database } from '@autotest/core/db';

/** Registers this machine as host `localhost`, driven by child processes, where there is no host yet. True if it did. */
export async function registerThisMachine(database: Database): Promise<boolean> {
  const { username } = userInfo();
  if ((await database.hosts.list({ first: 1 })).length > 0) return false;
  await database.hosts.add(
    {
      name: 'localhost',
      transport: 'local',
      address: 'localhost',
      port: 0,
      user: username,
      labels: [`arch:${machineArch()}`, 'local'],
    },
    username,
  );
  return true;
}

/** As `uname -m` says it. */
function machineArch(): string {
  const names: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
  return names[process.arch] ?? process.arch;
}
