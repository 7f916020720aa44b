import type { ControlMetadata, ParamSchema, ParamsOf, TestMetadata } from './metadata.ts';
import type { ClientJob, ServerJob } from './job.ts';
import type { TestContext } from './test-context.ts';

// oxlint-disable-next-line typescript/no-generated-empty-object-type -- the schema of a control file without parameters
type Empty = Record<never, never>;

type JobOf<T extends ControlMetadata['type']> = T extends 'server' ? ServerJob : ClientJob;

/** A control file's default export. */
export interface ControlDefinition<
  S extends ParamSchema = ParamSchema,
  T extends ControlMetadata['type'] = ControlMetadata['type'],
> extends ControlMetadata {
  readonly type: T;
  readonly params?: S;
  /** Goes on with the next test after an unexpected reboot, runs the interrupted one again, or ends the job. @default 'continue' */
  readonly onUnexpectedReboot?: 'continue' | 'retry' | 'stop';
  run(job: JobOf<T>, params: ParamsOf<S>): Promise<void> | void;
}

/** Declares a control file. Everything but `run` must be literal. */
export function defineControl<const S extends ParamSchema = Empty, const T extends 'client' | 'server' = 'client'>(
  definition: ControlDefinition<S, T>,
): ControlDefinition<S, T> {
  return definition;
}

/** A test module's default export. Phases run in the order in which they stand here. */
export interface TestDefinition<S extends ParamSchema = ParamSchema> extends TestMetadata {
  readonly params?: S;
  initialize?(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
  /** Once for each `version` on a host, under a lock: fetch or build into `t.srcDir`. */
  setup?(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
  warmup?(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
  runOnce(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
  postprocessIteration?(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
  postprocess?(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
  /** Always runs; its error never hides an earlier one. */
  cleanup?(t: TestContext, params: ParamsOf<S>): Promise<void> | void;
}

/** Declares a test. Everything but the phases must be literal. */
export function defineTest<const S extends ParamSchema = Empty>(definition: TestDefinition<S>): TestDefinition<S> {
  return definition;
}
