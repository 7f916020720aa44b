import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import type { ServerJob, SpecJob } from '@autotest/core';
import { ControlRuntime, JobAbortedError } from '@autotest/core/runtime';
import { ControlFileInvalidError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import type { SessionEnd } from '../session/session.ts';
import { makeServerJob } from './server-job.ts';

/** Runs a server control file in this process. What it throws, and how it ends, is in the records; the result says it once more. */
export async function runServerControl(context: ExecutionContext, job: SpecJob): Promise<SessionEnd> {
  const { recorder, spec, stopper } = context;
  process.setSourceMapsEnabled(true);
  const abort = new AbortController();
  const onStop = (): void =>
    abort.abort(new JobAbortedError(stopper.request?.message ?? 'stopped', stopper.request?.kind === 'timedOut'));
  if (stopper.signal.aborted) onStop();
  else stopper.signal.addEventListener('abort', onStop, { once: true });
  const runtime = new ControlRuntime({
    sink: recorder,
    records: [],
    resultsDir: spec.resultsDir,
    bundleDir: job.bundleDir,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    signal: abort.signal,
  });
  const server = makeServerJob(context, runtime, job);
  try {
    const about = { name: job.name, hosts: spec.hosts.map(({ name }) => name), controlType: 'server' as const };
    const end = await runtime.run(about, async () => {
      recorder.append({ kind: 'phase', phase: 'running' });
      const control = await loadControl(join(job.bundleDir, job.entry));
      await control.run(server.job, job.params);
    });
    return {
      exitClass: end.exitClass,
      outcome: end.outcome,
      ...(end.cause && { cause: end.cause }),
      ...(end.reason !== undefined && { reason: end.reason }),
    };
  } finally {
    stopper.signal.removeEventListener('abort', onStop);
    await server.dispose();
  }
}

interface ServerControl {
  run(job: ServerJob, params: unknown): Promise<void> | void;
}

/** The default export of a control file's module. @throws ControlFileInvalidError */
async function loadControl(file: string): Promise<ServerControl> {
  const control = await loadDefault(file);
  if (typeof control === 'object' && control !== null && 'run' in control && typeof control.run === 'function')
    return control as ServerControl;
  throw new ControlFileInvalidError(file, 'its default export is no defineControl({…})');
}

/** The default export of a module of the bundle. @throws ControlFileInvalidError */
export async function loadDefault(file: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  } catch (error) {
    throw new ControlFileInvalidError(file, error instanceof Error ? error.message : String(error), error);
  }
}
