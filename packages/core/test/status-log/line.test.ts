import { describe, expect, it } from 'vitest';
import { formatStatusLine, parseStatusLine, timeFields, type StatusEntry } from '../../src/status-log/line.ts';
import { statusCodes } from '../../src/status-log/status.ts';

const times = { timestamp: '1700000000', localtime: 'Nov 14 22:13:20' };

function entryOf(part: Partial<StatusEntry>): StatusEntry {
  const base = { indent: 0, code: 'GOOD' as const, subdir: 'a', operation: 'a', fields: times, message: '' };
  return { ...base, extraLines: [], ...part };
}

function parsed(text: string, options = {}): StatusEntry {
  const line = parseStatusLine(text, options);
  if (line.kind !== 'entry') throw new Error(`not an entry: ${JSON.stringify(line)}`);
  return line.entry;
}

describe('writing status lines', () => {
  it('writes indent, code, names, fields and message in columns', () => {
    const text = formatStatusLine(entryOf({ indent: 2, code: 'END FAIL', subdir: null, message: 'it broke' }));
    expect(text).toBe('\t\tEND FAIL\t----\ta\ttimestamp=1700000000\tlocaltime=Nov 14 22:13:20\tit broke\n');
  });

  it('ends a line without message in a TAB, so that the last field is not taken for the message', () => {
    expect(formatStatusLine(entryOf({}))).toMatch(/localtime=[^\t]*\t\n$/);
  });

  it('writes a TAB in the message as eight blanks and CR, VT and FF as one', () => {
    expect(parsed(formatStatusLine(entryOf({ message: 'a\tb\rc\vd\fe' })).trimEnd()).message).toBe('a        b c d e');
  });

  it('writes further lines of the message with two blanks in front, at any indent', () => {
    const text = formatStatusLine(
      entryOf({ indent: 3, message: 'first\nsecond\n\tthird', extraLines: ['more\nstill'] }),
    );
    expect(text.split('\n').slice(1)).toEqual(['  second', '  \tthird', '  more', '  still', '']);
  });

  it('percent-escapes what would break the columns in names', () => {
    const entry = parsed(formatStatusLine(entryOf({ subdir: 'a\tb\nc', operation: 'x\r\v\fy' })).trimEnd());
    expect(entry).toMatchObject({ subdir: 'a%09b%0Ac', operation: 'x%0D%0B%0Cy' });
  });

  it('keeps every field on one line and leaves out keys the grammar cannot say', () => {
    const fields = { ...times, job_abort_reason: 'host\ndown\there', 'bad key': 'x', 'warnings.disable': 'NETWORK' };
    const entry = parsed(formatStatusLine(entryOf({ code: 'INFO', fields, message: 'm' })).trimEnd());
    expect({ ...entry.fields }).toEqual({
      ...times,
      job_abort_reason: 'host down here',
      'warnings.disable': 'NETWORK',
    });
  });

  it('gives the two times every line carries', () => {
    const when = new Date(2024, 1, 3, 4, 5, 6, 789);
    const timestamp = String(Math.floor(when.getTime() / 1000));
    expect(timeFields(when)).toEqual({ timestamp, localtime: 'Feb 03 04:05:06' });
  });
});

describe('reading status lines', () => {
  it('reads back what was written, for every code and for random names, fields and messages', () => {
    const random = seeded(20240607);
    for (let n = 0; n < 3000; n++) {
      const entry = entryOf({
        indent: random(4),
        code: statusCodes[random(statusCodes.length)] ?? 'GOOD',
        subdir: random(4) === 0 ? null : randomName(random),
        operation: random(4) === 0 ? null : randomName(random),
        fields: { ...times, [`key${random(3)}`]: randomText(random) },
        message: randomText(random),
      });
      const back = parsed(formatStatusLine(entry).slice(0, -1));
      expect({ ...back, fields: { ...back.fields } }).toEqual(entry);
    }
  });

  it.each([
    ['a=b', 'a=b'],
    ['kernel=6.1', 'kernel=6.1'],
    ['timestamp=5', 'timestamp=5'],
    ['x=1 and more', 'x=1 and more'],
  ])('keeps the message %s, although it looks like a field', (message, expected) => {
    const entry = parsed(`GOOD\ta\ta\ttimestamp=1\tlocaltime=x\t${message}`);
    expect(entry.message).toBe(expected);
    expect({ ...entry.fields }).toEqual({ timestamp: '1', localtime: 'x' });
  });

  it('reads a last column with a time as field in lines written without a message', () => {
    const entry = parsed('GOOD\ta\ta\tkernel=6.1\ttimestamp=1\tlocaltime=x');
    expect({ ...entry.fields, message: entry.message }).toEqual({
      kernel: '6.1',
      timestamp: '1',
      localtime: 'x',
      message: '',
    });
  });

  it('takes all that follows the first column that is no field as message, TABs included', () => {
    expect(parsed('GOOD\ta\ta\ttimestamp=1\tone\ttwo=2\tthree').message).toBe('one\ttwo=2\tthree');
  });

  it('strips what ssh puts in front of a newline', () => {
    expect(parsed('GOOD\ta\ta\ttimestamp=1\tdo\r\0ne\r').message).toBe('done');
  });

  it('tells continuation lines and blank lines from entries', () => {
    expect(parseStatusLine('  GOOD\ta\ta\t')).toEqual({ kind: 'extra', text: 'GOOD\ta\ta\t' });
    expect(parseStatusLine('')).toEqual({ kind: 'blank' });
    expect(parseStatusLine('\t\t')).toEqual({ kind: 'blank' });
  });

  it.each([
    ['free text', 'not a status line'],
    ['GOOD\ta', 'not a status line'],
    ['GOOD\ta\ta', 'nothing follows the third column'],
    ['GOOD\t\ta\t', 'empty column'],
    ['GOOD\ta\t\t', 'empty column'],
    ['WEIRD\ta\ta\t', 'unknown status word "WEIRD"'],
    ['START GOOD\ta\ta\t', 'unknown status word "START GOOD"'],
    ['END FAKE\ta\ta\t', 'unknown status word "END FAKE"'],
  ])('says what is wrong with %j', (line, why) => {
    expect(parseStatusLine(line)).toEqual({ kind: 'bad', why });
  });

  it('accepts lines that end after the third column when asked to', () => {
    expect(parsed('\tFAIL\t----\top', { shortLines: true })).toMatchObject({
      indent: 1,
      code: 'FAIL',
      operation: 'op',
    });
  });

  it('takes __proto__ as a key like any other', () => {
    const { fields } = parsed('GOOD\ta\ta\t__proto__=x\tm');
    expect(Object.keys(fields)).toEqual(['__proto__']);
    expect(fields['toString']).toBeUndefined();
  });
});

/** Small linear congruential generator: same numbers on every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const characters = Array.from('abcXYZ019 ._-=:%/<>"\'#\\{}äß漢🙂');

function randomText(random: (below: number) => number): string {
  return Array.from({ length: random(12) }, () => characters[random(characters.length)]).join('');
}

function randomName(random: (below: number) => number): string {
  return `n${randomText(random)}`;
}
