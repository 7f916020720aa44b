import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConsoleLineSplitter } from '../../src/console/line-splitter.ts';
import { kernelRules, matchLine } from '../../src/console/patterns.ts';
import { Reports, type ConsoleReport } from '../../src/console/reports.ts';
import { makeRule } from '../../src/console/rules-file.ts';

const crashLogs = new URL('../../../../../shared/fixtures/payloads/crashlogs/', import.meta.url);

function reportsOf(bytes: Uint8Array, reports = new Reports()): ConsoleReport[] {
  const splitter = new ConsoleLineSplitter();
  const lines = [...splitter.push(bytes, 1), ...splitter.flush()];
  return lines.flatMap((line) => reports.push(line) ?? []);
}

test.each([
  ['[   11.033563] Kernel panic - not syncing: sysrq triggered crash', 'KernelPanic'],
  ['Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b', 'KernelPanic'],
  ['[  100.000001][  T345] BUG: KASAN: slab-out-of-bounds in kmalloc_oob_right+0xa8/0xbc', 'Sanitizer'],
  ['[    1.000000] UBSAN: array-index-out-of-bounds in drivers/x.c:12:3', 'Sanitizer'],
  ['[   60.123456] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [cat:123]', 'Lockup'],
  ['[   60.123456] NMI watchdog: Watchdog detected hard LOCKUP on cpu 2', 'Lockup'],
  ['[   60.123456] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:', 'RcuStall'],
  ['[   60.123456] rcu: INFO: rcu_sched self-detected stall on CPU', 'RcuStall'],
  ['[  242.000000] INFO: task kworker/0:1:7 blocked for more than 120 seconds.', 'HungTask'],
  ['[    5.000000] WARNING: possible circular locking dependency detected', 'Lockdep'],
  ['[    5.000000] WARNING: suspicious RCU usage', 'Lockdep'],
  ['[    5.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000', 'KernelBug'],
  ['[    5.000000] Oops: 0002 [#1] PREEMPT SMP NOPTI', 'KernelBug'],
  ['[    5.000000] Internal error: Oops: 96000004 [#1] SMP', 'KernelBug'],
  ['<0>[    5.000000] kernel BUG at fs/ext4/inode.c:123!', 'KernelBug'],
  ['login: [    5.000000] general protection fault, probably for non-canonical address', 'KernelBug'],
  ['[    5.000000] WARNING: CPU: 0 PID: 1 at kernel/foo.c:12 bar+0x1/0x2', 'KernelWarning'],
  ['[   18.720552] tail invoked oom-killer: gfp_mask=0x140cca', 'OutOfMemory'],
  ['[   18.720552] Out of memory: Killed process 130 (tail)', 'OutOfMemory'],
  ['[   18.720552] blk_update_request: I/O error, dev sda, sector 2048 op 0x0', 'IoError'],
  ['[   18.720552] Buffer I/O error on dev dm-0, logical block 1', 'IoError'],
  ['[    4.711473] perl[118]: segfault at 1 ip 00007f589bcb0219 sp 00007ffcb2c55958 error 4', 'Segfault'],
])('%s is of type %s', (line, type) => {
  expect(matchLine(line)?.type).toBe(type);
});

test.each([
  '[    0.000000] Command line: console=ttyS0 panic=3 hung_task_panic=1 oops=panic',
  'WARNING: Failed to connect to lvmetad. Falling back to device scanning.',
  'echo "this is no BUG: at all"',
  'grep -q "Kernel panic" log',
  '[    1.000000] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.',
  '[    1.000000] Freeing unused kernel image (initmem) memory: 2600K',
])('%s is no report', (line) => {
  expect(matchLine(line)).toBeUndefined();
});

test('a report has the lines that follow it, and one of the same type is part of it', () => {
  const text = [
    '[    5.000000] BUG: kernel NULL pointer dereference, address: 0',
    '[    5.000001] #PF: supervisor write access in kernel mode',
    '[    5.000002] Oops: 0002 [#1] PREEMPT SMP NOPTI',
    '[    5.000003] Call Trace:',
    '[    5.000004] ---[ end trace 0000000000000000 ]---',
    '[    5.000005] Kernel panic - not syncing: Fatal exception',
    '[    5.000006] ---[ end Kernel panic - not syncing: Fatal exception ]---',
    'h1 login: ',
  ].join('\r\n');
  const [bug, panic, ...others] = reportsOf(Buffer.from(text));
  expect(bug).toMatchObject({ rule: { type: 'KernelBug' }, complete: true });
  expect(bug?.lines).toHaveLength(5);
  expect(panic).toMatchObject({ rule: { type: 'KernelPanic' }, complete: true });
  expect(panic?.lines).toHaveLength(2);
  expect(others).toEqual([]);
});

test('lines that a machine prints for ever do not make a report grow for ever', () => {
  const text = `WARNING: CPU: 0 PID: 1 at x.c:1\n${'again\n'.repeat(10_000)}`;
  const [report] = reportsOf(Buffer.from(text));
  expect(report?.lines.length).toBe(report?.rule.lines);
});

test('hostile lines take no longer than others', () => {
  const hostile = ['INFO: task ', 'x'.repeat(5000), '[     '.repeat(800), `WARNING: ${'a/'.repeat(2000)}`].map((text) =>
    text.padEnd(5000, ' [ 1.0'),
  );
  for (const line of hostile) expect(matchLine(line)).toBeUndefined();
  expect(kernelRules.every(({ pattern }) => pattern.flags === '')).toBe(true);
});

describe('rules of a lab', () => {
  test('go before the known ones, and can silence them', () => {
    const reports = new Reports([
      makeRule({ name: 'Known crash', pattern: '^Kernel panic - not syncing: sysrq', severity: 'off' }),
      makeRule({ name: 'Fan', pattern: 'fan \\d+ failed', severity: 'fail', type: 'Hardware', lines: 2 }),
    ]);
    const text = 'Kernel panic - not syncing: sysrq triggered crash\nfan 3 failed\nrpm 0\nmore\n';
    expect(reportsOf(Buffer.from(text), reports)).toMatchObject([
      { rule: { name: 'Fan', type: 'Hardware', severity: 'fail' }, lines: ['fan 3 failed', 'rpm 0'] },
    ]);
  });

  test.each([
    [{ name: 'x', pattern: '(a)\\1', severity: 'warn' }, /linear/],
    [{ name: 'x', pattern: '(?=a)b', severity: 'warn' }, /linear/],
    [{ name: 'x', pattern: '(', severity: 'warn' }, /pattern cannot be used/],
    [{ name: 'x', pattern: 'a', severity: 'bad' }, /severity/],
    [{ name: '', pattern: 'a', severity: 'warn' }, /name and type/],
    ['x', /no object/],
  ])('%o is refused', (rule, why) => {
    expect(() => makeRule(rule)).toThrow(why);
  });

  test('run in linear time, whatever comes', () => {
    const { pattern } = makeRule({ name: 'x', pattern: '^(a+)+$', severity: 'warn' });
    expect(pattern.test(`${'a'.repeat(1000)}!`)).toBe(false);
  });
});

const hasLogs = existsSync(crashLogs);
const typesOf = (name: string): string[] =>
  reportsOf(readFileSync(new URL(name, crashLogs))).map(({ rule }) => rule.type);

describe.skipIf(!hasLogs)('consoles of real crashes', () => {
  test('say what happened, and nothing else', () => {
    const found = Object.fromEntries(readdirSync(crashLogs).map((name) => [name, [...new Set(typesOf(name))]]));
    expect(found).toEqual({
      'qemu-panic-autoreboot-serial.txt': ['Segfault', 'OutOfMemory', 'KernelPanic'],
      'qemu-segfault-oom-sysrq-serial.txt': ['Segfault', 'OutOfMemory', 'KernelPanic'],
      'qemu-sysrq-panic-serial.txt': ['KernelPanic'],
      'uml-boot-console.txt': [],
      'uml-sysrq-panic-console.txt': ['KernelPanic'],
    });
  });

  test('have the call trace in the report', () => {
    const bytes = readFileSync(new URL('qemu-segfault-oom-sysrq-serial.txt', crashLogs));
    const panic = reportsOf(bytes).find(({ rule }) => rule.type === 'KernelPanic');
    expect(panic?.lines.join('\n')).toContain('panic+0x118/0x2f4');
    expect(panic?.lines.join('\n')).not.toContain('Command line: ');
  });
});
