import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { describe, expect, test } from 'vitest';
import { JobDocument, submitJob, ValidateControlDocument, type SubmitJobInput } from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startWithHosts } from '../support/with-hosts.ts';

describe('a submission of a control file', () => {
  test('makes a job with an entry for one host to be chosen, and stores the bundle', async () => {
    const { api, database } = await startWithHosts();
    const { job, repeated } = await submitJob(api, {
      source: controlSource("needs: 'arch:arm64',"),
      fileName: 'hello.ts',
      priority: 'high',
    });
    expect(repeated).toBe(false);
    expect(job).toMatchObject({
      name: 'hello',
      owner: 'ada',
      state: 'queued',
      priority: 'high',
      controlType: 'client',
      doc: 'Says hello.',
      timeout: 86_400_000,
    });
    expect(job.entries).toMatchObject([{ index: 0, state: 'queued', host: null }]);
    const { job: whole } = await api.request(JobDocument, { id: job.id });
    expect(whole?.control).toMatchObject({ fileName: 'hello.ts', source: controlSource("needs: 'arch:arm64',") });
    expect(await database.bundles.get(whole?.control.bundleHash ?? '')).toBeDefined();
    expect((await database.events.since(0, { first: 100, kinds: ['job.submitted'] })).length).toBe(1);
  });

  test('with everything said is stored as it was said', async () => {
    const { submit, database } = await startWithHosts();
    const answer = await submit({
      source: controlSource(
        "params: { size: { type: 'number', default: 1 }, mode: { type: 'choice', choices: ['a', 'b'] } },",
      ),
      name: ' nightly ',
      hosts: ['h2', 'h1'],
      params: { mode: 'b' },
      keyvals: { build: '1.2', __proto__x: 1 },
      timeout: 60_000,
      maxRuntime: 0,
      rebootBefore: 'never',
      rebootAfter: 'always',
      needs: 'arch:x86_64 | arch:arm64',
    });
    expect(answer.__typename).toBe('SubmitJobSuccess');
    expect(await database.jobs.byId(1)).toMatchObject({
      name: 'nightly',
      params: { size: 1, mode: 'b' },
      keyvals: { build: '1.2', __proto__x: 1 },
      timeoutMs: 60_000,
      maxRuntimeMs: 0,
      rebootBefore: 'never',
      rebootAfter: 'always',
      needs: 'arch:x86_64 | arch:arm64',
    });
    const hosts = await database.lookup.hostsNamed(['h1', 'h2']);
    expect((await database.jobs.entries(1)).map(({ hostId, named }) => [hostId, named])).toEqual([
      [hosts.get('h2')?.id, true],
      [hosts.get('h1')?.id, true],
    ]);
  });

  test('repeated with its requestId gives the same job, and to another person another one', async () => {
    const { submit } = await startWithHosts();
    const input = { source: controlSource(), requestId: 'build-17' };
    expect(await submit(input)).toMatchObject({ repeated: false, job: { id: '1' } });
    expect(await submit(input)).toMatchObject({ repeated: true, job: { id: '1' } });
    expect(await submit(input, 'bob')).toMatchObject({ repeated: false, job: { id: '2', owner: 'bob' } });
  });

  test('is a bundle as well', async () => {
    const { submit, database } = await startWithHosts();
    const bundle = await bundleControl({ fileName: 'hello.ts', source: controlSource() });
    expect(await submit({ bundle: bundleToJson(bundle) })).toMatchObject({ __typename: 'SubmitJobSuccess' });
    expect((await database.jobs.byId(1))?.bundleHash).toBe(bundle.hash);
  });

  test('never reads files of the server', async () => {
    const { submit } = await startWithHosts();
    for (const path of ['./secret.ts', '../../../etc/passwd', '/etc/passwd']) {
      const source = `import x from ${JSON.stringify(path)};\n${controlSource()}\nconsole.log(x);`;
      const answer = await submit({ source });
      expect(answer).toMatchObject({ __typename: 'ControlInvalid', code: 'AT_CONTROL_INVALID' });
      expect(JSON.stringify(answer)).not.toContain('root:');
    }
  });
});

describe('a submission is refused in words', () => {
  const source = controlSource();
  const refusals: readonly (readonly [string, SubmitJobInput, string, string, RegExp])[] = [
    ['without a control file', {}, 'InputInvalid', 'AT_INPUT_INVALID', /Give the text of a control file/],
    ['with two', { source, bundle: '{}' }, 'InputInvalid', 'AT_INPUT_INVALID', /not source and bundle/],
    ['with a bundle that nobody stored', { bundleHash: 'sha256:0' }, 'InputInvalid', 'AT_INPUT_INVALID', /no bundle/],
    ['with a bundle that is none', { bundle: '{"a":1}' }, 'InputInvalid', 'AT_BUNDLE_CORRUPT', /damaged/],
    [
      'with a control file that cannot be read',
      { source: 'nonsense(' },
      'ControlInvalid',
      'AT_CONTROL_INVALID',
      /control\.ts:1/,
    ],
    [
      'with an unknown parameter',
      { source, params: { sise: 1 } },
      'ParamsInvalid',
      'AT_PARAMS_INVALID',
      /no parameter 'sise'/,
    ],
    [
      'with parameters that are a list',
      { source, params: [1] },
      'InputInvalid',
      'AT_INPUT_INVALID',
      /must be an object/,
    ],
    [
      'on a host that does not exist',
      { source, hosts: ['h1', 'h9'] },
      'InputInvalid',
      'AT_INPUT_INVALID',
      /no host "h9"/,
    ],
    ['on a host twice', { source, hosts: ['h1', 'h1'] }, 'InputInvalid', 'AT_INPUT_INVALID', /twice/],
    [
      'with an expression that cannot be read',
      { source, needs: 'a &' },
      'InputInvalid',
      'AT_LABEL_EXPRESSION',
      /Label expression/,
    ],
    [
      'with labels that no host has',
      { source, needs: 'nic:10g & arch:x86_64' },
      'HostsUnavailable',
      'AT_HOSTS_UNAVAILABLE',
      /only 0 of 2 have it/,
    ],
    [
      'on a named host that lacks what is needed',
      { source, hosts: ['h1'], needs: 'nic:10g' },
      'HostsUnavailable',
      'AT_HOSTS_UNAVAILABLE',
      /h1 is not what the job needs: it lacks nic:10g/,
    ],
    ['on more hosts than there are', { source, anyHosts: 3 }, 'HostsUnavailable', 'AT_HOSTS_UNAVAILABLE', /only 2/],
    [
      'on more hosts than are left beside the named ones',
      { source, hosts: ['h1'], anyHosts: 2 },
      'HostsUnavailable',
      'AT_HOSTS_UNAVAILABLE',
      /2 more hosts/,
    ],
    ['on no host', { source, anyHosts: 0 }, 'InputInvalid', 'AT_INPUT_INVALID', /runs on hosts/],
    ['on minus one host', { source, anyHosts: -1 }, 'InputInvalid', 'AT_INPUT_INVALID', /negative/],
    ['on a million hosts', { source, anyHosts: 1_000_000 }, 'InputInvalid', 'AT_INPUT_INVALID', /more than the 1000/],
    [
      'with fewer hosts than start together',
      { source: controlSource('syncCount: 2,', 'server'), hosts: ['h1'] },
      'InputInvalid',
      'AT_INPUT_INVALID',
      /2 hosts together/,
    ],
    [
      'with no hosts where two start together',
      { source: controlSource('syncCount: 2,', 'server'), anyHosts: 0 },
      'InputInvalid',
      'AT_INPUT_INVALID',
      /2 hosts together/,
    ],
    ['with a name of two lines', { source, name: 'a\nb' }, 'InputInvalid', 'AT_INPUT_INVALID', /printable/],
    ['with a strange key', { source, keyvals: { 'a b': 1 } }, 'InputInvalid', 'AT_INPUT_INVALID', /The key "a b"/],
    ['with a nested value', { source, keyvals: { a: {} } }, 'InputInvalid', 'AT_INPUT_INVALID', /value of a/],
    ['with a limit in seconds', { source, timeout: 90 }, 'InputInvalid', 'AT_INPUT_INVALID', /milliseconds/],
    ['with a limit of ages', { source, maxRuntime: 1e14 }, 'InputInvalid', 'AT_INPUT_INVALID', /longer than a year/],
    [
      'with an endless requestId',
      { source, requestId: 'x'.repeat(201) },
      'InputInvalid',
      'AT_INPUT_INVALID',
      /requestId/,
    ],
    [
      'with a huge source',
      { source: `${source}// ${'x'.repeat(1024 * 1024)}` },
      'InputInvalid',
      'AT_INPUT_INVALID',
      /larger than 1 MiB/,
    ],
  ];

  test.for(refusals)('%s', async ([, input, type, code, words]) => {
    const { submit, database } = await startWithHosts();
    const before = await database.events.latestId();
    const answer = await submit(input);
    expect(answer).toMatchObject({
      __typename: type,
      code,
      message: expect.stringMatching(words),
      path: ['input', expect.any(String)],
    });
    expect(await database.events.latestId()).toBe(before);
    expect(await database.jobs.list({ first: 1 })).toEqual([]);
  });

  test('with the hosts that nearly match', async () => {
    const { submit } = await startWithHosts();
    expect(await submit({ source, needs: 'nic:10g & gpu & arch:arm64' })).toMatchObject({
      nearest: [
        { host: 'h2', unmet: ['gpu'] },
        { host: 'h1', unmet: expect.arrayContaining(['gpu', 'nic:10g']) },
      ],
    });
  });

  test('when nobody has added a host yet', async () => {
    const { submit } = await startWithHosts({});
    expect(await submit({ source })).toMatchObject({
      __typename: 'HostsUnavailable',
      message: expect.stringContaining('no host yet'),
    });
  });

  test('when its hash is not that of its content', async () => {
    const { submit, database } = await startWithHosts();
    const bundle = await bundleControl({ fileName: 'hello.ts', source: controlSource() });
    const forged = (patch: object) => JSON.stringify({ ...JSON.parse(bundleToJson(bundle)), ...patch });
    for (const patch of [
      { source: `${bundle.source}\n` },
      { files: { ...bundle.files, 'more.mjs': '' } },
      { files: { ...bundle.files, '../evil.mjs': '' } },
    ])
      expect(await submit({ bundle: forged(patch) })).toMatchObject({
        __typename: 'InputInvalid',
        code: 'AT_BUNDLE_CORRUPT',
      });
    expect(await database.jobs.list({ first: 1 })).toEqual([]);
  });

  test('but not for metadata that differ from the source: nobody reads them', async () => {
    const { submit, database } = await startWithHosts();
    const bundle = await bundleControl({ fileName: 'hello.ts', source: controlSource("needs: 'arch:arm64',") });
    const text = JSON.stringify({ ...JSON.parse(bundleToJson(bundle)), metadata: { ...bundle.metadata, needs: '' } });
    expect(await submit({ bundle: text })).toMatchObject({ __typename: 'SubmitJobSuccess' });
    expect((await database.jobs.byId(1))?.metadata.needs).toBe('arch:arm64');
    expect((await database.bundles.get(bundle.hash))?.json).toBe(bundleToJson(bundle));
  });
});

describe('a server control file', () => {
  test('gets as many hosts as start together when nothing is said', async () => {
    const { submit, database } = await startWithHosts();
    expect(await submit({ source: controlSource('syncCount: 2,', 'server') })).toMatchObject({
      __typename: 'SubmitJobSuccess',
    });
    expect((await database.jobs.entries(1)).map(({ hostless }) => hostless)).toEqual([false, false]);
    expect((await database.jobs.byId(1))?.syncCount).toBe(2);
  });

  test('runs without hosts when told so', async () => {
    const { submit, database } = await startWithHosts({});
    expect(await submit({ source: controlSource('', 'server'), anyHosts: 0 })).toMatchObject({
      __typename: 'SubmitJobSuccess',
    });
    expect((await database.jobs.entries(1)).map(({ hostless }) => hostless)).toEqual([true]);
  });
});

describe('validateControl', () => {
  test('reads what a control file says of itself', async () => {
    const { api } = await startWithHosts();
    const { validateControl } = await api.request(ValidateControlDocument, { source: controlSource() });
    expect(validateControl).toMatchObject({ metadata: { name: 'hello', type: 'client' }, problems: [] });
  });

  test('says what is wrong, where, and what to do', async () => {
    const { api } = await startWithHosts();
    const source = controlSource().replace("doc: 'Says hello.',", 'doc: text,');
    const { validateControl } = await api.request(ValidateControlDocument, { source, fileName: 'x.ts' });
    expect(validateControl).toEqual({
      metadata: null,
      problems: [
        { line: 6, column: expect.any(Number), message: expect.stringContaining("'text'"), remedy: expect.any(String) },
      ],
    });
  });
});
