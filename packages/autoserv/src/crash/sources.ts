import type { CrashSource } from './triggers.ts';

/** Shell commands by source, with what is known of the job. A tool that a host lacks leaves the file out. */
export const crashCommands: Readonly<
  Record<
    Exclude<CrashSource, 'console' | 'dumps'>,
    (job: { readonly sinceSeconds: number; readonly sessions: string }) => string
  >
> = {
  // The kernel prints all tasks, the blocked ones, and what runs on each processor, into its log; nothing is stopped by it.
  tasks: () =>
    `[ -w /proc/sysrq-trigger ] || { echo "sysrq cannot be used: not root, or a container"; exit 0; }
for key in w l t; do echo $key >/proc/sysrq-trigger && echo "sysrq-$key sent: see dmesg"; sleep 0.2; done`,
  dmesg: () => 'dmesg -T 2>/dev/null || dmesg',
  // Without journald: what syslog's files got since the first session was made, by the sizes noted then.
  journal: ({ sinceSeconds, sessions }) =>
    `if command -v journalctl >/dev/null 2>&1 && [ -d /run/systemd/journal ]; then exec journalctl --no-pager -o short-iso-precise --since "@${sinceSeconds}"; fi
for log in /var/log/messages /var/log/syslog /var/log/kern.log; do
  [ -r "$log" ] || continue
  inode=$(ls -Li "$log" | awk '{print $1}'); offset=0
  for marks in ${sessions}/*/logs.start; do
    [ -r "$marks" ] && at=$(awk -v i="$inode" -v f="$log" '$1==i && $NF==f {print $6}' "$marks") && [ -n "$at" ] && offset=$at && break
  done
  echo "== $log from byte $offset on"; tail -c "+$((offset + 1))" "$log"
done`,
  processes: () => 'ps -eo pid,ppid,pgid,stat,etimes,rss,wchan:24,args 2>/dev/null || ps',
  memory: () => 'cat /proc/meminfo',
  disk: () => 'df -k; df -i; mount',
  uptime: () => 'cat /proc/uptime /proc/loadavg /proc/sys/kernel/random/boot_id; uname -a',
};

/**
 * Lists dumps that came since the job began: of the kernel (kdump, pstore) and of programs (systemd-coredump, the directory of `core_pattern`). `size path` lines;
 * names with line breaks come out as what is no such line, or as a path that does not exist.
 */
export function listDumps(minutes: number): string {
  return `IFS= read -r pattern </proc/sys/kernel/core_pattern; cores=
case $pattern in /*/*) cores=\${pattern%/*};; esac
for dir in /var/crash /sys/fs/pstore /var/lib/systemd/coredump /var/lib/systemd/pstore "$cores"; do
  case $dir in ''|/tmp|/dev|/proc|*%*) continue;; esac
  [ -d "$dir" ] && find "$dir" -type f -mmin -${minutes} -exec ls -l {} + 2>/dev/null | awk '{size=$5; sub(/^.* \\//, "/"); print size " " $0}'
done | head -n 200`;
}
