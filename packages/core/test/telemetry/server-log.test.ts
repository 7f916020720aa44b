import { createServerLog, redact, redactText } from '@autotest/core/telemetry';
import { describe, expect, it } from 'vitest';

function collect(format: 'text' | 'json', level?: 'debug' | 'warn' | 'silent') {
  const lines: string[] = [];
  const log = createServerLog({ program: 'autotest-dispatcher', format, level, write: (line) => lines.push(line) });
  return { log, lines, objects: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log of a daemon in JSON', () => {
  it('is one object a line with time, level, program, pid, message and facts', () => {
    const { log, lines, objects } = collect('json');
    log.child({ entry: 7 }).info('host is fit', { host: 'h1', bytes: 5n });
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(objects()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: 'info',
        program: 'autotest-dispatcher',
        pid: process.pid,
        message: 'host is fit',
        entry: 7,
        host: 'h1',
        bytes: '5',
      },
    ]);
  });

  it('takes errors apart, with their causes', () => {
    const { log, objects } = collect('json');
    log.error('failed', { error: new TypeError('no such thing', { cause: new Error('deeper') }) });
    expect(objects()[0]).toMatchObject({
      level: 'error',
      error: { name: 'TypeError', message: 'no such thing', cause: { message: 'deeper' } },
    });
  });

  it('leaves out what is below the level, and everything when silent', () => {
    const warn = collect('json', 'warn');
    warn.log.info('quiet');
    warn.log.warn('loud');
    expect(warn.objects().map(({ message }) => message)).toEqual(['loud']);
    const silent = collect('json', 'silent');
    silent.log.error('nothing');
    expect(silent.lines).toEqual([]);
  });

  it('never has a name twice, nor throws for what cannot be written', () => {
    const { log, lines, objects } = collect('json');
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    log.child({ host: 'h1' }).warn('odd', { host: 'h2', message: 'mine', level: 9, circle, nothing: undefined });
    expect(objects()[0]).toMatchObject({ level: 'warn', message: 'odd', host: 'h2', message_: 'mine', level_: 9 });
    expect(lines[0]?.match(/"host"/g)).toHaveLength(1);
  });
});

describe('the log of a daemon for people', () => {
  it('has the form that createLog gives, errors with their stack', () => {
    const { log, lines } = collect('text');
    log.child({ entry: 7 }).info('host is fit', { host: 'h1', reason: 'two words' });
    log.error('failed', { error: new Error('why') });
    expect(lines[0]).toMatch(/^\S+Z INFO {2}host is fit entry=7 host=h1 reason="two words"\n$/);
    expect(lines[1]).toMatch(/ERROR failed error=Error: why\\n {4}at .*server-log\.test/);
  });

  it('takes what cannot be written as JSON', () => {
    const { log, lines } = collect('text');
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    log.warn('odd', { circle });
    expect(lines).toHaveLength(1);
  });
});

describe.each(['text', 'json'] as const)('secrets in a log of %s', (format) => {
  it.each([
    ['a password in the address of a database', 'opened mariadb://autotest:hunter2@db.example.org/autotest'],
    ['one that should have been escaped', 'opened mysql://root:p/hunter2@x:1@db/autotest'],
    ['a token in a header', 'got Authorization: Bearer hunter2hunter2'],
    ['a login link', 'see http://h:8080/#/login?token=hunter2'],
  ])('are hidden: %s', (_, text) => {
    const { log, lines } = collect(format);
    log.child({ text }).error(text, { error: new Error(text), nested: [{ text }] });
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('[hidden]');
  });

  it('are hidden by the names of their fields', () => {
    const { log, lines } = collect(format);
    log.info('x', { token: 'hunter2', request: { headers: { cookie: 'hunter2', authorization: 'hunter2' } } });
    log.info('x', { dbPassword: 'hunter2', db_password: 'hunter2', secretHash: 'hunter2', tokenId: 12 });
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('12');
  });
});

it('what is no secret stays as it is', () => {
  const text = 'GET http://localhost:8080/jobs/1?after=2 of ada@example.org, mysql://db.example.org:3306/autotest';
  expect(redactText(text)).toBe(text);
  expect(redact({ host: 'h1', at: new Date(0), list: [1, true, null] })).toEqual({
    host: 'h1',
    at: '1970-01-01T00:00:00.000Z',
    list: [1, true, null],
  });
});
