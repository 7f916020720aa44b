import type { WarningType } from '@autotest/core';

/** What a line on a console means. */
export interface ConsoleRule {
  /** As people see it: `Kernel panic`. */
  readonly name: string;
  /** What tests disable: one of `warningTypes`, or one of the lab's own. */
  readonly type: string;
  readonly severity: 'warn' | 'fail';
  /** Looked for in a line without the kernel's time stamp. */
  readonly pattern: RegExp;
  /** Lines that may follow and belong to it. */
  readonly lines: number;
}

/** Longest part of a line that is looked at. */
const maxLength = 1000;
const trace = 120;

/** First rule that a line is a hit of; undefined for the others. */
export function matchLine(line: string, rules: readonly ConsoleRule[] = kernelRules): ConsoleRule | undefined {
  const text = kernelMessage(line.slice(0, maxLength));
  return rules.find(({ pattern }) => pattern.test(text));
}

/** A line without what the kernel and the log level put before it: `[   12.345678][  T123] `, `<4>`. */
export function kernelMessage(line: string): string {
  return line.replace(/^.{0,200}?\[ {0,12}\d{1,9}\.\d{6}\](?:\[ {0,8}[TC]\d{1,9}\])? /, '').replace(/^<\d{1,3}>/, '');
}

/** The end of a report: what comes after it does not belong to it. */
export function endsReport(line: string): boolean {
  return /---\[ end |Rebooting in \d{1,6} seconds|^Linux version |oom_reaper: reaped/.test(
    kernelMessage(line.slice(0, maxLength)),
  );
}

/** Reports of Linux kernels, the more particular ones first. Each pattern is anchored or takes linear time. */
export const kernelRules: readonly ConsoleRule[] = [
  rule('Kernel panic', 'KernelPanic', 'fail', /^Kernel panic - not syncing/),
  rule('Sanitizer', 'Sanitizer', 'fail', /^(?:BUG: K[A-Z]{1,3}SAN: |BUG: KFENCE: |UBSAN: )/),
  rule(
    'Lockup',
    'Lockup',
    'fail',
    /^(?:watchdog: )?BUG: (?:soft lockup|workqueue lockup)|[Ww]atchdog.{0,40} hard LOCKUP/,
  ),
  rule('RCU stall', 'RcuStall', 'fail', /^(?:rcu: )?INFO: rcu_[a-z]{1,20} (?:self-)?detected (?:expedited )?stall/),
  rule('Hung task', 'HungTask', 'fail', /^INFO: task .{1,80} blocked for more than \d{1,6} seconds/),
  rule(
    'Lock dependency',
    'Lockdep',
    'fail',
    /^(?:WARNING: |INFO: |BUG: )?(?:possible (?:circular|recursive|irq lock|unsafe|deadlock)|inconsistent lock state|suspicious RCU usage|bad unlock balance|held lock freed|Invalid wait context)/,
  ),
  rule(
    'Kernel bug',
    'KernelBug',
    'fail',
    /^(?:BUG: |kernel BUG at |Oops[:.] |Internal error: |Unable to handle kernel |general protection fault|invalid opcode: |double fault: |stack segment: )/,
  ),
  rule(
    'Kernel warning',
    'KernelWarning',
    'warn',
    /^WARNING: (?:CPU: \d{1,5} PID: \d{1,9} at |at |[\w./-]{1,200}\.[chS]:\d{1,6} at )/,
  ),
  rule('Out of memory', 'OutOfMemory', 'fail', /^\S{1,64} invoked oom-killer: |^(?:Memory cgroup )?[Oo]ut of memory: /),
  rule(
    'I/O error',
    'IoError',
    'fail',
    /^(?:blk_update_request: |print_req_error: )?(?:I\/O error, dev |critical (?:medium|target) error, dev )|^Buffer I\/O error on dev|^EXT4-fs error |^XFS \([^)]{1,40}\): (?:Internal error|Metadata corruption|Corruption)|^BTRFS(?: critical|: error) /,
    1,
  ),
  rule('Segmentation fault', 'Segfault', 'warn', /segfault at [0-9a-f]{1,16} ip /, 2),
];

function rule(name: string, type: WarningType, severity: 'warn' | 'fail', pattern: RegExp, lines = trace): ConsoleRule {
  return { name, type, severity, pattern, lines };
}
