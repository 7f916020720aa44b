import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AutotestError, checkParams, coerceParams, messageOf } from '@autotest/core';
import { errorCode } from '../error-code.ts';
import { runClientStandalone } from './run-standalone.ts';

const usage = `Usage: autotest-client CONTROL.ts [options]
       autotest-client --continue [--tag TAG] [--results DIR]

Runs a client control file on this machine, without a server.

  -p, --param NAME=VALUE   argument of the control file; may come several times
  -t, --tag TAG            name of the results directory (default: default)
  -r, --results DIR        directory of results (default: results)
  -c, --continue           go on with the newest run of the tag that has not ended
      --test-dir DIR       directory with further tests; may come several times
      --reboot COMMAND     how job.reboot() reboots (default: ask the person to)
  -h, --help               this text

Exit code: 0 passed, 1 test failures, 2 infrastructure, 3 aborted or timed out, 4 nothing ran, 5 reboot wanted, 64 usage.
`;

const usageError = 64;

/** The command `autotest-client`; gives the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        param: { type: 'string', short: 'p', multiple: true, default: [] },
        tag: { type: 'string', short: 't' },
        results: { type: 'string', short: 'r' },
        continue: { type: 'boolean', short: 'c', default: false },
        'test-dir': { type: 'string', multiple: true, default: [] },
        reboot: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    const common = {
      ...(values.tag !== undefined && { tag: values.tag }),
      ...(values.results !== undefined && { resultsRoot: values.results }),
      ...(values.reboot !== undefined && { rebootCommand: values.reboot }),
      testDirs: values['test-dir'],
    };
    if (values.continue) return await runClientStandalone({ ...common, continue: true });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) {
      process.stderr.write(usage);
      return usageError;
    }
    return await bundleAndRun(file, values.param, common);
  } catch (error) {
    const isUsage =
      error instanceof AutotestError
        ? /^AT_(USAGE|CONTROL_INVALID|CONTROL_TOO_LARGE|NOT_SUPPORTED)$/.test(error.code)
        : (errorCode(error)?.startsWith('ERR_PARSE_ARGS') ?? false);
    process.stderr.write(`${messageOf(error)}\n`);
    return isUsage ? usageError : 2;
  }
}

async function bundleAndRun(
  file: string,
  paramTexts: readonly string[],
  common: Omit<Parameters<typeof runClientStandalone>[0], 'control'>,
): Promise<number> {
  // Heavy, and not needed to go on with a run.
  const { bundleControl, writeBundle } = await import('@autotest/core/bundle');
  const bundle = await bundleControl({ entryPath: file });
  const params = readParams(bundle.metadata.params, paramTexts);
  const bundleDir = join(mkdtempSync(join(tmpdir(), 'autotest-bundle-')), 'bundle');
  try {
    await writeBundle(bundle, bundleDir);
    const { metadata, entry, modules, source } = bundle;
    const { name, type } = metadata;
    return await runClientStandalone({ ...common, params, control: { name, type, bundleDir, entry, modules, source } });
  } finally {
    rmSync(join(bundleDir, '..'), { recursive: true, force: true });
  }
}

function readParams(
  schema: Parameters<typeof coerceParams>[0],
  texts: readonly string[],
): ReturnType<typeof checkParams>['params'] {
  const pairs = texts.map((text) => {
    const at = text.indexOf('=');
    if (at <= 0) throw new AutotestError('AT_USAGE', `--param ${text} is not NAME=VALUE.`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  const coerced = coerceParams(schema, Object.fromEntries(pairs));
  const checked = checkParams(schema, coerced.args);
  const problems = [...coerced.problems, ...checked.problems];
  if (problems.length === 0) return checked.params;
  throw new AutotestError('AT_USAGE', problems.map(({ message, remedy }) => `${message} ${remedy}`.trim()).join('\n'));
}
