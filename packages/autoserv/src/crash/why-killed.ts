import { execOn } from '../hosts/exec.ts';
import type { HostTransport } from '../hosts/transport.ts';

/** How long before the client's start a message may have come to count, s: clocks and boot times are not that exact. */
const slackSeconds = 2;

/**
 * What the kernel says of why a process is gone: its out-of-memory killer. Undefined where it says nothing, or where its log cannot be read.
 *
 * @param runningMs for how long the process was there
 */
export async function whyKilled(
  transport: HostTransport,
  pid: number | undefined,
  runningMs: number,
): Promise<string | undefined> {
  const script = `cat /proc/uptime; dmesg 2>/dev/null | grep -iE 'out of memory|oom-kill|killed process|oom_reaper' | tail -n 50`;
  try {
    const { stdout } = await execOn(transport, script, { timeout: 10_000 });
    const [uptime = '', ...lines] = stdout.split('\n');
    const since = Number(uptime.split(' ')[0]) - runningMs / 1000 - slackSeconds;
    return oomVictim(lines, pid, since);
  } catch {
    return undefined;
  }
}

/** From lines of the kernel log; the client itself before others, the latest first. */
export function oomVictim(lines: readonly string[], pid: number | undefined, sinceSeconds: number): string | undefined {
  const victims = lines.flatMap((line) => {
    const seconds = /^\[\s*(\d+\.\d+)\]/.exec(line)?.[1];
    const [, victim, name] = /[Kk]illed process (\d+),? \(([^)]{1,64})\)/.exec(line) ?? [];
    return victim && name && (seconds === undefined || Number(seconds) >= sinceSeconds) ? [{ victim, name }] : [];
  });
  const found = victims.findLast(({ victim }) => Number(victim) === pid) ?? victims.at(-1);
  return found && `the host ran out of memory, and its kernel killed process ${found.victim} (${found.name})`;
}
