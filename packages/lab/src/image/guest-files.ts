/**
 * What runs in a guest before its sshd. One image serves both kinds of machine; what makes a machine that machine (name, address, keys) is its *seed*: a tar archive on its second disk.
 *
 * QEMU: kernel → initramfs (loads drivers, waits for a seed, mounts the disk) → lab-init → busybox init. The wait is where a snapshot is taken: nothing of any disk
 *       is in memory there, so that it starts every machine of the image, at every power-on.
 * UML:  kernel, which has all drivers built in → lab-init → busybox init.
 */
export const seedWanted = 'lab: waiting for a seed';

/** Printed when sshd was started. */
export const guestUp = 'lab: up';

/** Size of the second disk. A machine from a snapshot sees another one of the same size. */
export const seedBytes = 64 * 1024;

/** Process 1 of the initramfs. `iflag=direct`: the seed appears below a kernel that has looked before. */
export const initramfsInit = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in /modules/*.ko; do /bin/busybox insmod $module; done
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do /bin/busybox usleep 10000; done
has_seed() { [ -n "$(/bin/busybox dd if=/dev/vdb bs=512 count=1 iflag=direct 2>/dev/null | /bin/busybox tr -d '\\000')" ]; }
if ! has_seed; then
  echo '${seedWanted}'
  until has_seed; do /bin/busybox usleep 20000; done
fi
# The kernel looked for partitions: what it keeps of the disk may be older than the disk.
/bin/busybox blockdev --flushbufs /dev/vda
/bin/busybox blockdev --flushbufs /dev/vdb
/bin/busybox mount -t ext4 -o noatime /dev/vda /root || exec /bin/busybox sh
/bin/busybox mount --move /dev /root/dev
/bin/busybox umount /sys /proc
exec /bin/busybox switch_root /root /sbin/lab-init
`;

/** Few forks: each costs 30 ms on User-mode Linux. */
const labInit = `#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -n -t proc proc /proc
mount -n -t sysfs sysfs /sys
[ -e /dev/null ] || mount -n -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -n -t devpts devpts /dev/pts -o mode=620,gid=5,ptmxmode=666
mount -n -t tmpfs run /run -o mode=755
rm -rf /tmp
mkdir -m 1777 /tmp
mkdir -p /run/sshd /run/lock
ln -s /proc/self/fd /dev/fd
if [ -b /dev/ubdb ]; then seed=/dev/ubdb; tty=tty0; else seed=/dev/vdb; tty=ttyS0; fi
tar -x -C / --no-same-owner -f $seed
. /etc/lab/machine
# Machines from one snapshot have one random generator between them, until each is told something of its own. 0x5207: RNDRESEEDCRNG.
perl -e 'open my $from, "<", "/etc/lab/entropy"; open my $to, ">", "/dev/urandom"; syswrite $to, join "", <$from>; ioctl $to, 0x5207, 0'
# A snapshot's clock stood still.
[ -e /sys/class/rtc/rtc0/since_epoch ] && read -r now < /sys/class/rtc/rtc0/since_epoch && date -s "@$now" > /dev/null
echo "$NAME" > /proc/sys/kernel/hostname
ip link set lo up
for device in /sys/class/net/*; do
  device=\${device##*/}
  [ "$device" = lo ] && continue
  ip link set "$device" address "$MAC" up
  ip addr add "$ADDRESS" dev "$device"
  [ -z "$GATEWAY" ] || ip route replace default via "$GATEWAY"
done
printf '%s\\n' '::once:/usr/sbin/lab-up' "$tty::respawn:-/bin/sh" '::ctrlaltdel:/sbin/poweroff' '::shutdown:/bin/sync' > /run/inittab
exec /bin/busybox init
`;

/** The power button: busybox's acpid starts what stands in /etc/acpi. */
const labUp = `#!/bin/sh
/usr/sbin/sshd
echo '${guestUp}' > /dev/console
[ -d /proc/acpi ] || [ -d /sys/firmware/acpi ] || exit 0
modprobe -a button evdev
exec /bin/busybox acpid -f -l /dev/null
`;

const shutdown = `#!/bin/sh
# shutdown [-r|-h|-P] [TIME]: at once, whatever the time.
case " $* " in *' -r '*) exec reboot ;; esac
exec poweroff
`;

const sshdConfig = `# root comes in by the lab's key; nothing is looked up, nothing is slow.
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
HostKey /etc/ssh/ssh_host_ed25519_key
`;

/** Files of the image by their path; scripts are executable. */
export const guestFiles: Readonly<Record<string, string>> = {
  'usr/sbin/lab-init': labInit,
  'usr/sbin/lab-up': labUp,
  'usr/sbin/shutdown': shutdown,
  'etc/acpi/PWRF/00000080': '#!/bin/sh\nexec poweroff\n',
  'etc/ssh/sshd_config.d/lab.conf': sshdConfig,
  'etc/hostname': 'guest\n',
};

/** Links of the image, path to target. */
export const guestLinks: Readonly<Record<string, string>> = {
  'usr/sbin/reboot': '../bin/busybox',
  'usr/sbin/poweroff': '../bin/busybox',
  'usr/sbin/halt': '../bin/busybox',
  'etc/inittab': '/run/inittab',
  'etc/mtab': '/proc/self/mounts',
};
