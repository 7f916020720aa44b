import { join } from 'node:path';
import {
  checkParams,
  isPlainObject,
  moduleKey,
  nodePath,
  type HostSpec,
  type JsonObject,
  type ParamSchema,
  type RunCommandOptions,
  type RunTestOptions,
  type SpecJob,
  type TestOutcome,
} from '@autotest/core';
import type { ControlRuntime } from '@autotest/core/runtime';
import { ClientLostError, ControlFileInvalidError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { runClientSession, type ClientControl } from '../session/run-client-session.ts';
import { sessionDirectory } from '../session/host-paths.ts';
import { loadDefault } from './run-server-control.ts';

/** A host on which a server control file runs client code: one that the execution holds, or this machine. */
export interface RunTarget {
  readonly spec: HostSpec;
  /** Number of the next session on it. */
  sessions: number;
}

/** Runs tests, commands and client control files on hosts for a server control file, each through a session of its own. */
export class ClientRuns {
  readonly #context: ExecutionContext;
  readonly #runtime: ControlRuntime;
  readonly #job: SpecJob;

  constructor(context: ExecutionContext, runtime: ControlRuntime, job: SpecJob) {
    this.#context = context;
    this.#runtime = runtime;
    this.#job = job;
  }

  /** One test, in the caller's scope. */
  async runTest(
    target: RunTarget,
    nameOrPath: string,
    params: Readonly<Record<string, unknown>> = {},
    options: RunTestOptions = {},
  ): Promise<TestOutcome> {
    const { check, ...rest } = options;
    const source = generated(`await job.runTest(${literal(nameOrPath)}, ${literal(params)}, ${literal(rest)});`);
    return checked(await this.#step(target, 'runTest', nameOrPath, { source }), check);
  }

  /** One command as a test, in the caller's scope. */
  async runCommand(
    target: RunTarget,
    name: string,
    argv: readonly string[],
    options: RunCommandOptions = {},
  ): Promise<TestOutcome> {
    const { check, ...rest } = options;
    const source = generated(`await job.runCommand(${literal(name)}, ${literal(argv)}, ${literal(rest)});`);
    return checked(await this.#step(target, 'runCommand', name, { source }), check);
  }

  /** A client control file of the bundle, in the caller's scope. */
  async runControl(
    target: RunTarget,
    path: string,
    args: Readonly<Record<string, unknown>> = {},
  ): Promise<TestOutcome> {
    const entry = this.#moduleOf(path);
    const definition = await loadDefault(join(this.#job.bundleDir, entry));
    const schema =
      isPlainObject(definition) && isPlainObject(definition.params)
        ? (definition.params as unknown as ParamSchema)
        : undefined;
    const { params, problems } = checkParams(schema, args as JsonObject);
    if (problems.length > 0)
      throw new ControlFileInvalidError(path, problems.map(({ message, remedy }) => `${message} ${remedy}`).join(' '));
    return this.#step(target, 'runControl', path, { entry, params });
  }

  #moduleOf(path: string): string {
    const key = moduleKey(path);
    const entry = key === undefined ? undefined : this.#job.modules[key];
    if (entry !== undefined) return entry;
    throw new ControlFileInvalidError(
      path,
      `it is not in the bundle, which holds ${Object.keys(this.#job.modules).join(', ') || 'no further modules'}; name it by a literal path`,
    );
  }

  async #step(
    target: RunTarget,
    kind: string,
    what: string,
    control: { source?: string; entry?: string; params?: JsonObject },
  ): Promise<TestOutcome> {
    const { scope } = this.#runtime;
    const outcome = await this.#runtime.step(kind, `${target.spec.name}: ${what}`.slice(0, 200), () =>
      this.#run(target, what, control, scope.path, scope.subdir, (name) => scope.uniqueName(name)),
    );
    scope.outcomes.push(outcome.outcome);
    return outcome;
  }

  async #run(
    target: RunTarget,
    what: string,
    { source, entry, params }: { source?: string; entry?: string; params?: JsonObject },
    scope: readonly string[],
    subdir: string,
    uniqueName: (name: string) => string,
  ): Promise<TestOutcome> {
    const { bundleDir: dir, bundleHash: hash, entry: ownEntry, modules } = this.#job;
    const control: ClientControl = {
      name: what,
      params: params ?? {},
      bundle: { dir, hash, entry: entry ?? ownEntry, modules, ...(source !== undefined && { source }) },
    };
    const number = (target.sessions += 1);
    const startedAt = Date.now();
    const place = { scope, below: sessionDirectory(subdir === '' ? target.spec.name : subdir, number) };
    const names = new Map<string, string>();
    const rename = (name: string): string => {
      const known = names.get(name) ?? uniqueName(name);
      names.set(name, known);
      return known;
    };
    try {
      const end = await runClientSession(this.#context, { host: target.spec, control, number, rename, ...place });
      const [only] = names.size === 1 ? [...names.values()] : [];
      const node = only === undefined ? undefined : this.#context.recorder.tree.node(nodePath([...scope, only]));
      return toOutcome(
        only === undefined ? scope : [...scope, only],
        node?.outcome ?? end.outcome ?? 'error',
        node?.reason ?? end.reason ?? end.cause?.message,
        startedAt,
      );
    } catch (error) {
      // A client that died is a bad outcome of what ran; a host that is gone is the lab's affair and ends the job, unless it is caught.
      if (!(error instanceof ClientLostError)) throw error;
      return toOutcome(scope, 'error', error.message, startedAt);
    }
  }
}

function toOutcome(
  scope: readonly string[],
  outcome: string,
  reason: string | undefined,
  startedAt: number,
): TestOutcome {
  const known = outcome as TestOutcome['outcome'];
  return {
    path: nodePath(scope),
    outcome: known,
    ok: known === 'pass' || known === 'warn',
    ...(reason !== undefined && { reason }),
    durationMs: Date.now() - startedAt,
  };
}

function checked(outcome: TestOutcome, check: boolean | undefined): TestOutcome {
  if (!check || outcome.ok) return outcome;
  throw Object.assign(
    new Error(`${outcome.path} ended ${outcome.outcome}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`),
    { outcome: outcome.outcome, code: 'AT_CHECK_FAILED' },
  );
}

/** A client control file with this body. */
function generated(body: string): string {
  return `export default { type: 'client', async run(job) { ${body} } };\n`;
}

function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
