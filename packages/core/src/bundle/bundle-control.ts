import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { moduleKey } from '../control/module-key.ts';
import { nullRecord } from '../json/null-record.ts';
import { type Duration, parseDuration } from '../time/duration.ts';
import { type CompileInput, compileModule } from './compile.ts';
import { bundlePath, type ControlBundle, sealBundle, sizeOfFiles } from './control-bundle.ts';
import { kindOfDefinition } from './definition.ts';
import { ControlFileError, ControlTooLargeError, type SourceProblem } from './errors.ts';
import { controlMetadataOf, testMetadataOf } from './metadata.ts';
import { findModuleReferences, type ModuleReference } from './module-references.ts';
import { parseSyntax, placeAt, type Syntax } from './syntax.ts';

/** A control file on disk, with what lies around it; or its text alone, for which nothing on disk is read. */
export type BundleInput = { readonly entryPath: string } | { readonly fileName: string; readonly source: string };

export interface BundleOptions {
  /** Most bytes of source and of the finished files. @default 8 MiB */
  readonly maxBytes?: number;
  /** Longest time to compile one module. @default '30 seconds' */
  readonly timeout?: Duration;
}

/** A module of the bundle that is still to be compiled. */
interface Entry {
  readonly output: string;
  readonly input: CompileInput;
  /** The control file to which paths in it are relative: '' for the bundle's own. */
  readonly controlKey: string;
}

interface Build {
  readonly root: string | undefined;
  readonly maxBytes: number;
  readonly limitMs: number;
  readonly entries: Entry[];
  readonly files: Record<string, string>;
  readonly modules: Record<string, string>;
  readonly problems: SourceProblem[];
}

/**
 * Makes one bundle of a control file, of everything it imports, and of the tests and client control files that it names by
 * literal relative paths.
 *
 * @throws ControlFileError (`AT_CONTROL_INVALID`) with the problems of all files.
 * @throws ControlTooLargeError (`AT_CONTROL_TOO_LARGE`)
 */
export async function bundleControl(input: BundleInput, options: BundleOptions = {}): Promise<ControlBundle> {
  const { maxBytes = 8 * 1024 * 1024, timeout = '30 seconds' } = options;
  const { root, fileName, source } = await readInput(input, maxBytes);
  const syntax = parseSyntax(source, fileName);
  const metadata = controlMetadataOf(syntax);
  const limitMs = parseDuration(timeout);
  const build: Build = {
    root,
    maxBytes,
    limitMs,
    entries: [],
    files: nullRecord(),
    modules: nullRecord(),
    problems: [],
  };
  const entry = 'control.mjs';
  build.entries.push({
    output: entry,
    input: root === undefined ? { fileName, source } : { root, file: fileName },
    controlKey: '',
  });
  // Compiling a module may name further ones, which are added at the end.
  for (const next of build.entries) await addModule(build, next, syntax);
  if (build.problems.length > 0) throw new ControlFileError(build.problems);
  return sealBundle({ entry, files: build.files, source, fileName, metadata, modules: build.modules });
}

async function readInput(
  input: BundleInput,
  maxBytes: number,
): Promise<{ root: string | undefined; fileName: string; source: string }> {
  if ('source' in input) {
    const fileName = safeName(input.fileName);
    checkSize(fileName, Buffer.byteLength(input.source), maxBytes);
    return { root: undefined, fileName, source: input.source };
  }
  const path = await findEntry(input.entryPath);
  checkSize(basename(path), (await stat(path)).size, maxBytes);
  return { root: dirname(path), fileName: basename(path), source: await readFile(path, 'utf8') };
}

async function findEntry(path: string): Promise<string> {
  try {
    const found = await realpath(path);
    if ((await stat(found)).isFile()) return found;
  } catch {
    // Reported below, as what is there but no file.
  }
  const remedy = 'Check the path of the control file.';
  throw new ControlFileError([{ file: path, line: 1, column: 1, message: 'There is no such file.', remedy }]);
}

/** A name of a stranger, fit for messages and source maps. */
function safeName(fileName: string): string {
  const name = basename(fileName.replaceAll('\\', '/'))
    .replace(/[^\w.+-]/g, '_')
    .slice(-100);
  return /[\w+-]/.test(name) ? name : 'control.ts';
}

function checkSize(fileName: string, sizeBytes: number, maxBytes: number): void {
  if (sizeBytes > maxBytes) throw new ControlTooLargeError(fileName, sizeBytes, maxBytes);
}

async function addModule(build: Build, entry: Entry, control: Syntax): Promise<void> {
  const { code, localFiles } = await compileModule(entry.input, entry.output, build.limitMs);
  build.files[entry.output] = code;
  checkSize(control.fileName, sizeOfFiles(build.files), build.maxBytes);
  if (build.root === undefined) {
    for (const reference of findModuleReferences(control)) refuseReference(build, control, reference);
    return;
  }
  for (const file of localFiles) {
    const syntax = parseSyntax(await readFile(join(build.root, file), 'utf8'), file);
    for (const reference of findModuleReferences(syntax)) {
      await addReference(build, build.root, entry.controlKey, syntax, reference);
    }
  }
}

function refuseReference(build: Build, syntax: Syntax, reference: ModuleReference): void {
  const remedy = 'Submit the file with the command line, or use a test by its name.';
  const message = `The file '${reference.path}' is not there: this control file was given without its directory.`;
  reportAt(build, syntax, reference, message, remedy);
}

async function addReference(
  build: Build,
  root: string,
  controlKey: string,
  syntax: Syntax,
  reference: ModuleReference,
): Promise<void> {
  const key = moduleKey(reference.path, controlKey) ?? '';
  if (build.modules[key] !== undefined) return;
  const source = await readSource(join(root, key), build.maxBytes);
  if (source === undefined) {
    const remedy = await remedyForMissing(root, key);
    reportAt(build, syntax, reference, `There is no file '${reference.path}' beside the control file.`, remedy);
    return;
  }
  if (!checkModule(build, syntax, reference, key, source)) return;
  const output = freeName(build, `${bundlePath(key).slice(0, -extname(key).length || undefined)}.mjs`);
  build.modules[key] = output;
  build.entries.push({
    output,
    input: { root, file: key },
    controlKey: reference.kind === 'control' ? key : controlKey,
  });
}

/** Whether the module is what the call wants. Reports what it is not, and what is wrong in it. */
function checkModule(build: Build, caller: Syntax, reference: ModuleReference, key: string, source: string): boolean {
  const before = build.problems.length;
  try {
    const syntax = parseSyntax(source, key);
    const kind = kindOfDefinition(syntax.statements);
    if (kind !== undefined && kind !== reference.kind) {
      const [is, remedy] =
        kind === 'test'
          ? ['a test, not a control file.', 'Run it with runTest.']
          : ['a control file, not a test.', 'Run it with runClientControl, or import its code.'];
      reportAt(build, caller, reference, `'${reference.path}' is ${is}`, remedy);
    } else if (reference.kind === 'test') testMetadataOf(syntax);
    else if (controlMetadataOf(syntax).type !== 'client') {
      const remedy = "Give it type: 'client', or import its code.";
      reportAt(build, caller, reference, `'${reference.path}' is no client control file.`, remedy);
    }
  } catch (error) {
    if (!(error instanceof ControlFileError)) throw error;
    build.problems.push(...error.problems);
  }
  return build.problems.length === before;
}

function reportAt(
  build: Build,
  { fileName, source }: Syntax,
  { start }: ModuleReference,
  message: string,
  remedy: string,
): void {
  build.problems.push({ file: fileName, ...placeAt(source, start), message, remedy });
}

async function readSource(path: string, maxBytes: number): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  checkSize(basename(path), found.size, maxBytes);
  return readFile(path, 'utf8');
}

async function remedyForMissing(root: string, key: string): Promise<string> {
  for (const candidate of [`${key}.ts`, key.replace(/\.[cm]?js$/, '.ts')]) {
    const found = await stat(join(root, candidate)).catch(() => undefined);
    if (candidate !== key && found?.isFile()) return `Did you mean './${candidate}'?`;
  }
  return 'Paths are relative to the control file that runs.';
}

function freeName({ files, modules }: Build, wanted: string): string {
  const taken = new Set(['control.mjs', ...Object.keys(files), ...Object.values(modules)]);
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : wanted.replace(/\.mjs$/, `-${number}.mjs`);
    if (!taken.has(name)) return name;
  }
}
