import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HeadTail } from '../src/crash/head-tail.ts';
import { collectedOn, triggerOf } from '../src/crash/triggers.ts';
import { oomVictim } from '../src/crash/why-killed.ts';
import { ClientLostError, HostLostError, TransferError } from '../src/errors.ts';
import { StopRequest } from '../src/execution/stop.ts';
import { Preamble } from '../src/session/preamble.ts';

describe('head and tail of something long', () => {
  test('are kept, whatever comes between and however it is cut', () => {
    const text = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join('');
    for (const size of [1, 7, 4096, text.length]) {
      const sink = new HeadTail(1000);
      for (let at = 0; at < text.length; at += size) sink.push(Buffer.from(text.slice(at, at + size)));
      const kept = sink.bytes().toString();
      expect(kept.startsWith(text.slice(0, 500))).toBe(true);
      expect(kept.endsWith(text.slice(-500))).toBe(true);
      expect(kept).toContain(`\n… ${text.length - 1000} bytes left out …\n`);
      expect(sink.droppedBytes).toBe(text.length - 1000);
    }
  });

  test('are all of it where it is short', () => {
    const sink = new HeadTail(100);
    for (let index = 0; index < 10; index++) sink.push(Buffer.from('0123456789'));
    expect([sink.bytes().toString(), sink.droppedBytes]).toEqual(['0123456789'.repeat(10), 0]);
  });
});

test('each failure has its trigger, and each trigger its sources', () => {
  const idle = new StopRequest('timedOut', 'idle timeout', 'x');
  const abort = new StopRequest('aborted', 'alice', 'x');
  expect(triggerOf(new HostLostError('h', 'x'), abort)).toBe('hostLost');
  expect(triggerOf(new ClientLostError('h', 'x'), undefined)).toBe('clientLost');
  expect(triggerOf(idle, idle)).toBe('hung');
  expect(triggerOf(abort, abort)).toBe('stopped');
  expect(triggerOf(new TransferError('h', 'x', 'y'), undefined)).toBe('failed');
  // What shows blocked tasks prints into the kernel log, which is read afterwards.
  expect(collectedOn.hung.indexOf('tasks')).toBeLessThan(collectedOn.hung.indexOf('dmesg'));
  for (const [trigger, sources] of Object.entries(collectedOn))
    if (trigger !== 'hung') expect(sources).not.toContain('tasks');
});

describe('the victim of the out-of-memory killer', () => {
  const lines = [
    '[   10.100000] Out of memory: Killed process 17 (old), UID 0, total-vm:1kB',
    '[  500.000001] Memory cgroup out of memory: Killed process 4711 (node) total-vm:2000kB',
    '[  501.000000] Out of memory: Killed process 99 (stress) total-vm:1kB',
  ];

  test('is the client itself before others', () => {
    expect(oomVictim(lines, 4711, 400)).toContain('killed process 4711 (node)');
    expect(oomVictim(lines, 1, 400)).toContain('killed process 99 (stress)');
  });

  test('is nobody from before the client, and nobody where the log says nothing', () => {
    expect(oomVictim(lines, 17, 600)).toBeUndefined();
    expect(oomVictim(['[  1.0] usb 1-1: new device', 'Killed process (', ''], 17, 0)).toBeUndefined();
  });
});

describe('lines before something else in a stream', () => {
  const text = 'base=/x\nmissing= client\nend=ready\n{"type":"beat"}\nend=no\n';

  test('end where they say so, however they are cut; the rest stays', async () => {
    for (let size = 1; size <= text.length; size++) {
      const stream = new PassThrough();
      const preamble = new Preamble(stream);
      for (let at = 0; at < text.length; at += size) stream.write(text.slice(at, at + size));
      expect((await preamble.lines).filter(Boolean)).toEqual(['base=/x', 'missing= client', 'end=ready']);
      stream.end();
      let rest = '';
      for await (const chunk of stream) rest += String(chunk);
      expect(rest).toBe('{"type":"beat"}\nend=no\n');
    }
  });

  test('are bounded, and may never end', async () => {
    const endless = new PassThrough();
    const preamble = new Preamble(endless);
    endless.write('x'.repeat(100_000));
    await expect(preamble.lines).rejects.toThrow('too much');
    const short = new Preamble(new PassThrough().end('base=/x\n'));
    setTimeout(() => short.end(), 20);
    expect((await short.lines).filter(Boolean)).toEqual(['base=/x']);
  });
});
