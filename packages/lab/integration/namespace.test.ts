import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLab, type Lab, type LabHost } from '../src/index.ts';
import { bootIdOf, missingForLab, ssh, until } from './support.ts';

describe.skipIf(missingForLab())('Namespaced hosts', () => {
  let lab: Lab;
  let host: LabHost;
  beforeAll(async () => {
    lab = await startLab({ hosts: { namespace: 2 } });
    host = lab.host('ns-1');
  });
  afterAll(() => lab?.close());

  test('are machines of their own: name, processes, files, boot id, uptime and host key', async () => {
    const ids = await Promise.all(lab.hosts.map(bootIdOf));
    expect(new Set(ids).size).toBe(2);
    expect(ids).not.toContain(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    const seen = await ssh(
      host,
      'hostname; cat /proc/1/cmdline | tr "\\0" " "; echo; ls -A /root /home | tr "\\n" " "',
      {
        hostKey: host.hostKey,
      },
    );
    expect(seen).toMatchObject({
      exitCode: 0,
      stdout: 'ns-1\n/bin/sh /usr/sbin/lab-init \n/home:  /root: .ssh ',
    });
    const uptimeS = (await ssh(host, 'cat /proc/uptime')).stdout;
    const hostUptimeS = readFileSync('/proc/uptime', 'utf8');
    expect(Number.parseFloat(uptimeS)).toBeLessThan(Number.parseFloat(hostUptimeS));
  });

  test('do not show this machine its keys, and cannot change its clock, settings or devices', async () => {
    const { stdout } = await ssh(
      host,
      'ls /etc/ssh; date -s 2001-01-01 >/dev/null 2>&1 || echo no clock; echo 1 2>/dev/null >/proc/sys/vm/swappiness || echo no setting; mknod /tmp/disk b 254 0 2>/dev/null || echo no device',
    );
    expect(stdout).toBe(
      'ssh_host_ed25519_key\nssh_host_ed25519_key.pub\nsshd_config\nno clock\nno setting\nno device\n',
    );
  });

  test.each(['reboot -f', 'reboot', 'shutdown -r now'])(
    'come back from %s with another boot id, the same disk and an empty /tmp',
    async (command) => {
      const before = await bootIdOf(host);
      await ssh(host, 'echo kept > /root/kept; echo kept > /var/kept; echo lost > /tmp/lost');
      await ssh(host, command);
      await until(async () => {
        const now = await bootIdOf(host);
        return now !== '' && now !== before;
      });
      const after = await ssh(host, 'cat /root/kept /var/kept; ls /tmp', { hostKey: host.hostKey });
      expect(after).toMatchObject({ exitCode: 0, stdout: 'kept\nkept\n' });
      expect(readFileSync(host.machine.console.logFile, 'utf8')).toContain('reboot: Restarting system');
    },
  );

  test('are off after poweroff, and on when they are switched on', async () => {
    await ssh(host, 'poweroff -f');
    await until(() => !host.machine.powered);
    expect((await ssh(host, 'true', { connectTimeoutS: 2 })).exitCode).toBe(255);
    await host.machine.powerOn();
    await host.waitUp();
    await host.machine.softOff();
    await until(() => !host.machine.powered);
    await host.machine.powerOn();
    await host.waitUp();
    expect(await ssh(host, 'echo back')).toMatchObject({ stdout: 'back\n' });
  });

  test('lose their power silently: an open connection sees nothing, until keep-alives tell', async () => {
    const socket = connect(host.port, host.address);
    await new Promise((resolve) => {
      socket.once('data', resolve);
    });
    let ended = false;
    for (const event of ['end', 'close', 'error']) socket.on(event, () => (ended = true));
    const asked = ssh(host, 'sleep 60');
    await until(async () => (await ssh(host, 'pgrep -f "^sleep 60"')).stdout !== '');
    await host.machine.powerOff();
    expect(host.machine.powered).toBe(false);
    const result = await asked;
    expect(result).toMatchObject({ exitCode: 255 });
    expect(ended).toBe(false);
    socket.destroy();
    await host.machine.powerOn();
    await host.waitUp();
  });

  test('have a console with a root shell for several people at once', async () => {
    const { socketPath, logFile } = host.machine.console;
    const heard = ['', ''];
    const clients = heard.map((_, n) => {
      const client = connect(socketPath);
      client.on('data', (chunk) => (heard[n] += chunk.toString()));
      return client;
    });
    await Promise.all(
      clients.map(
        (client) =>
          new Promise((resolve) => {
            client.once('connect', resolve);
          }),
      ),
    );
    await ssh(host, 'kill -9 $(cat /run/sshd.pid)');
    expect((await ssh(host, 'true')).exitCode).toBe(255);
    clients[0]?.write('echo $((6*7)) $(hostname); /usr/sbin/sshd\r');
    await until(() => heard.every((text) => text.includes('42 ns-1')));
    await host.waitUp();
    expect(await ssh(host, 'echo "a line" > /dev/console')).toMatchObject({ exitCode: 0 });
    await until(() => readFileSync(logFile, 'utf8').includes('a line'));
    await until(() => heard.every((text) => text.includes('a line')));
    for (const client of clients) client.destroy();
  });

  test('reach each other, and nothing outside of the lab', async () => {
    const [, other] = lab.hosts;
    expect(await ssh(host, `bash -c 'exec 3<>/dev/tcp/${other?.address}/22; head -c 4 <&3'`)).toMatchObject({
      stdout: 'SSH-',
    });
    expect((await ssh(host, 'ip route get 192.0.2.77; bash -c "echo > /dev/tcp/192.0.2.77/80"')).exitCode).not.toBe(0);
  });

  test('keep their directory for this user alone', () => {
    const [dir = ''] = host.machine.console.logFile.split('/hosts/');
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });
});
