import { startLab } from '/work/wt-lab/packages/lab/src/index.ts';
import { spawnSync } from 'node:child_process';
const t0 = performance.now();
const lab = await startLab({ hosts: { namespace: 1 }, rootFs: 'debian', onProgress: (x) => console.log(x) });
console.log('up', performance.now() - t0);
const h = lab.hosts[0]!;
const ssh = (cmd: string) => {
  const r = spawnSync(
    'ssh',
    [
      '-F',
      'none',
      '-i',
      h.keyFile,
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
      `root@${h.address}`,
      cmd,
    ],
    { encoding: 'utf8' },
  );
  return `${r.stdout}${r.stderr}[${r.status}]`;
};
console.log(
  ssh(
    'cat /etc/os-release | head -1; dpkg -l | wc -l; ls /etc/ssh; ls -a /root; id; ps ax; du -shx / 2>/dev/null; which reboot',
  ),
);
const b = ssh('cat /proc/sys/kernel/random/boot_id');
const t = performance.now();
console.log(ssh('reboot -f'));
await h.waitUp();
console.log('reboot', performance.now() - t, b, ssh('cat /proc/sys/kernel/random/boot_id'));
for (const f of ['killSshd', 'changeHostKey', 'killSessions', 'fill'] as const) {
  const u = await lab.fault(h.name, f);
  await u();
  console.log(f, 'ok');
}
await lab.close();
