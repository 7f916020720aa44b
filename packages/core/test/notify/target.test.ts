import { parseNotificationTarget } from '@autotest/core';
import { describe, expect, it } from 'vitest';

describe('a target of notifications', () => {
  it.each([
    ['ada@example.org', 'mail', 'ada@example.org'],
    [' ada@example.org , lab+nightly@x.example,ada@example.org', 'mail', 'ada@example.org,lab+nightly@x.example'],
    ['https://ci.example.org/hook?x=1#frag', 'webhook', 'https://ci.example.org/hook?x=1'],
    ['HTTP://CI.example.org', 'webhook', 'http://ci.example.org/'],
    ['http://2130706433/', 'webhook', 'http://127.0.0.1/'],
  ])('is read from %j', (text, channel, target) => {
    expect(parseNotificationTarget(text)).toEqual({ channel, target });
  });

  it.each([
    [''],
    ['ada'],
    ['ada@example.org,'],
    ['Ada <ada@example.org>'],
    ['ada@example.org\r\nBcc: eve@example.org'],
    ['"ada"@example.org'],
    [`${'a'.repeat(300)}@example.org`],
    [Array.from({ length: 21 }, (_, n) => `a${n}@example.org`).join(',')],
    ['ftp://example.org/'],
    ['javascript:alert(1)'],
    ['https://'],
    ['https://user:secret@example.org/'],
    [`https://example.org/${'x'.repeat(2000)}`],
  ])('is not read from %j', (text) => {
    expect(parseNotificationTarget(text)).toEqual({ problem: expect.stringMatching(/^.{10,}$/) });
  });
});
