import { makePaint } from '@autotest/core/node';
import { describe, expect, it } from 'vitest';

const green = '\u001b[32mok\u001b[0m';

describe('colours', () => {
  it('are used on a terminal, and not in a pipe', () => {
    expect(makePaint({ isTTY: true }, {})('good', 'ok')).toBe(green);
    expect(makePaint({ isTTY: false }, {})('good', 'ok')).toBe('ok');
    expect(makePaint({}, {})('good', 'ok')).toBe('ok');
  });

  it('follow NO_COLOR and FORCE_COLOR', () => {
    expect(makePaint({ isTTY: true }, { NO_COLOR: '1' })('good', 'ok')).toBe('ok');
    expect(makePaint({ isTTY: true }, { FORCE_COLOR: '0' })('good', 'ok')).toBe('ok');
    expect(makePaint({}, { FORCE_COLOR: '1' })('good', 'ok')).toBe(green);
    expect(makePaint({}, { FORCE_COLOR: '' })('good', 'ok')).toBe('ok');
  });
});
