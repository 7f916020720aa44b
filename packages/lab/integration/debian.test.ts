import { missingService } from '@autotest/core/testing';
import { expect, test } from 'vitest';
import { startLab } from '../src/index.ts';
import { bootIdOf, missingForLab, ssh, until } from './support.ts';

// The first time it builds the file system, from the mirrors of this system.
const buildMs = 900_000;

test.skipIf(missingForLab() ?? missingService('mmdebstrap'))(
  'Namespaced hosts may have a Debian of their own, which none of them changes for the others',
  async () => {
    const lab = await startLab({ hosts: { namespace: 2 }, rootFs: 'debian' });
    try {
      const [one, two] = [lab.host('ns-1'), lab.host('ns-2')];
      const asked = await ssh(
        one,
        'rm -rf /usr/share/perl5 /var/lib/dpkg; echo gone > /etc/motd; . /etc/os-release; echo $ID',
        {
          hostKey: one.hostKey,
        },
      );
      expect(asked).toMatchObject({ exitCode: 0, stdout: 'debian\n' });
      expect((await ssh(two, 'dpkg-query -W -f "\\${Status}" openssh-server; cat /etc/motd')).stdout).toMatch(
        /^install ok installed(?![^]*gone)/,
      );
      const before = await bootIdOf(one);
      await ssh(one, 'reboot -f');
      await until(async () => !['', before].includes(await bootIdOf(one)));
      expect(await ssh(one, 'cat /etc/motd')).toMatchObject({ stdout: 'gone\n' });
    } finally {
      await lab.close();
    }
  },
  buildMs,
);
