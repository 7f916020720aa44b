/**
 * The first program of a namespaced host, run with /bin/sh as process 1 of its namespaces, in the root file system of this machine. It does what firmware, kernel and initial
 * RAM disk do elsewhere, and becomes the host's init. Programs that it starts are most of what a start costs, so they are few.
 *
 * Environment: NAME, STATE (the host's directory, see `host-files.ts`), DROPPED (capabilities). File descriptor 3 is the lock that keeps a host from being started twice on one
 * root file system.
 */
export const bootScript = `
set -e
echo "$NAME" > /proc/sys/kernel/hostname
mount -a -T "$STATE/files/fstab"
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$STATE/files/dev/." "$STATE/root/dev/"
mount -a -T "$STATE/files/fstab.late"
mkdir -p "$STATE/root/run/sshd" "$STATE/root/run/lock"
ip -batch "$STATE/files/network"
cd "$STATE/root"
unset STATE
pivot_root . .old
cd /
umount -l /.old
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux
exec setpriv --bounding-set="$DROPPED" --inh-caps="$DROPPED" /bin/sh /usr/sbin/lab-init
`;

/** Process 1 of the host: starts sshd and takes in orphans. Only init's own signals reach it. */
export const initScript = `
trap '' HUP INT TERM
say() {
  read -r up idle < /proc/uptime
  echo "[ $up ] $1"
}
read -r linux word release rest < /proc/version
read -r boot < /proc/sys/kernel/random/boot_id
say "Linux version $release, host $NAME"
say "boot id $boot"
if [ -r /etc/rc.local ]; then sh /etc/rc.local 3>&-; fi
if /usr/sbin/sshd 3>&-; then say 'OpenSSH server runs'; else say 'OpenSSH server does not start'; fi
say "$NAME is up; type a line for a root shell"
# A sleep that is waited for, because only a shell that waits takes in orphans.
while :; do sleep 86400 3>&- & wait $!; done
`;

/**
 * `reboot`, `poweroff`, `halt` and `shutdown` of the host. Without -f everything on it gets SIGTERM and a moment; with -f it is gone at once. Both end in reboot(2), which
 * in a process namespace kills it and tells the one who made it.
 */
export const haltScript = String.raw`#!/bin/sh
how=\${0##*/}
force=
for word in "$@"; do
  case $word in
    -f* | -nf | --force) force=yes ;;
    -r | --reboot) how=reboot ;;
    -h | -P | -p | --poweroff) how=poweroff ;;
    -H | --halt) how=halt ;;
  esac
done
case $how in reboot) magic=0x1234567 ;; halt) magic=0xcdef0123 ;; *) magic=0x4321fedc how=poweroff ;; esac
end() {
  perl -e 'syscall((qx(uname -m) =~ /x86_64/) ? 169 : 142, 0xfee1dead, 672274793, hex($ARGV[0]), 0)' "$magic" 2>/dev/null
  busybox "$how" -f 2>/dev/null
  systemctl "$how" -ff
}
if [ -n "$force" ]; then sync; end; exit 1; fi
echo "The system goes down ($how)." > /dev/console
(
  trap '' TERM HUP
  sleep 0.2
  kill -TERM -1
  sleep 0.3
  sync
  end
) </dev/null >/dev/null 2>&1 &
`.replaceAll('\\$', '$');

/** What a host must not do to the machine below: set its clock, load modules, touch its disks and memory. */
export const droppedCapabilities = '-sys_time,-sys_module,-sys_rawio,-mknod,-wake_alarm';

export const sshdConfig = `Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 100:30:200
MaxSessions 100
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
`;
