import { join } from 'node:path';
import type { BuildOptions, BuildResult } from 'esbuild';
import { toControlFileError } from './esbuild-problems.ts';
import { buildInTime } from './esbuild-service.ts';
import { coreNamespace, resolvePlugin } from './resolve-plugin.ts';
import { inlineSourceMap } from './source-map.ts';

/** A module to compile: a file below or beside `root`, or a text that must not touch the disk. */
export type CompileInput =
  | { readonly root: string; readonly file: string }
  | { readonly fileName: string; readonly source: string };

export interface CompiledModule {
  /** One self-contained ES module, with an inline source map. */
  readonly code: string;
  /** The user's own files in it, relative to `root`; packages and `@autotest/core` are left out. */
  readonly localFiles: readonly string[];
}

/**
 * Compiles one module with everything it imports.
 *
 * @param output path of the result in the bundle; names in the source map are relative to it
 * @param limitMs longest time it may take
 * @throws ControlFileError with places in the user's files.
 */
export async function compileModule(input: CompileInput, output: string, limitMs: number): Promise<CompiledModule> {
  const options = { ...commonOptions('file' in input ? input.root : '/'), ...inputOptions(input) };
  let result = await build(options, limitMs);
  // CommonJS packages call `require`, which ES modules do not have.
  if (textOf(result, '.mjs').includes('Dynamic require of "')) {
    result = await build({ ...options, banner: { js: requireBanner } }, limitMs);
  }
  const code = inlineSourceMap(textOf(result, '.mjs'), textOf(result, '.map'), output);
  return { code, localFiles: Object.keys(result.metafile?.inputs ?? {}).filter(isLocal) };
}

const requireBanner =
  "import{createRequire as __autotestRequire}from'node:module';const require=__autotestRequire(import.meta.url);";

function commonOptions(root: string): BuildOptions {
  return {
    absWorkingDir: root,
    outfile: join(root, 'control.mjs'),
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
    // Settings of the user's editor must not change what runs.
    tsconfigRaw: {},
  };
}

function inputOptions(input: CompileInput): BuildOptions {
  if ('file' in input) return { entryPoints: [join(input.root, input.file)], plugins: [resolvePlugin(false)] };
  const { fileName, source } = input;
  return { stdin: { contents: source, sourcefile: fileName, loader: 'ts' }, plugins: [resolvePlugin(true)] };
}

async function build(options: BuildOptions, limitMs: number): Promise<BuildResult> {
  try {
    return await buildInTime(options, limitMs);
  } catch (error) {
    throw toControlFileError(error);
  }
}

function textOf(result: BuildResult, suffix: string): string {
  return result.outputFiles?.find(({ path }) => path.endsWith(suffix))?.text ?? '';
}

function isLocal(input: string): boolean {
  const isOurs = input.startsWith(`${coreNamespace}:`) || input.split('/').includes('node_modules');
  return !isOurs && /\.[cm]?[jt]s$/.test(input);
}
