import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatTraceParent, specFileName, type ExecutionSpec, type HostSpec, type SpecJob } from '@autotest/core';
import { bundleFromJson, writeBundle, type ControlBundle } from '@autotest/core/bundle';
import type { ExecutionRow, HostRow, JobRow } from '@autotest/core/db';
import { executionTrace, writeFileAtomic } from '@autotest/core/node';
import { BundleMissingError, ExecutionStartError } from '../errors.ts';
import type { Settings } from '../options.ts';
import { orphanMs, touchContact } from './contact.ts';
import { jobTrace } from '../telemetry/trace-job.ts';

/** What an execution is about. */
export interface Subject {
  readonly execution: ExecutionRow;
  readonly job: JobRow | undefined;
  /** In the order of their entries. */
  readonly hosts: readonly HostRow[];
  /** Provision: what the hosts get. */
  readonly image?: string;
}

/**
 * Makes the results directory with the spec in it, and the written bundle. May be done again: it gives the same files.
 *
 * @throws BundleMissingError
 * @throws ExecutionStartError
 */
export async function prepareExecution(settings: Settings, subject: Subject): Promise<void> {
  const { execution } = subject;
  const bundle = subject.job && (await loadBundle(settings, subject.job));
  try {
    mkdirSync(settings.compileCacheDir, { recursive: true });
    mkdirSync(execution.resultsDir, { recursive: true });
    const job = subject.job && bundle && specJob(subject.job, bundle, await placeBundle(settings, bundle));
    if (bundle) writeFileAtomic(join(execution.resultsDir, 'control.ts'), bundle.source);
    const spec = executionSpec(settings, subject, job);
    writeFileAtomic(join(execution.resultsDir, specFileName), `${JSON.stringify(spec, undefined, 2)}\n`);
    if (execution.executor !== 'local') touchContact(execution.resultsDir);
  } catch (error) {
    throw new ExecutionStartError(execution.resultsDir, error);
  }
}

function executionSpec(settings: Settings, subject: Subject, job: SpecJob | undefined): ExecutionSpec {
  const { execution, hosts } = subject;
  const idleTimeoutMs = execution.purpose === 'job' ? (subject.job?.idleTimeoutMs ?? 0) : 0;
  const traceParent = subject.job && traceParentOf(settings, subject.job, execution);
  return {
    version: 1,
    executionId: execution.id,
    tag: execution.tag,
    purpose: execution.purpose,
    attempt: execution.attempt,
    epoch: execution.epoch,
    resultsDir: execution.resultsDir,
    socketPath: execution.socketPath,
    ...(job && { job: { ...job, ...(traceParent !== undefined && { traceParent }) } }),
    ...(execution.purpose === 'cleanup' && { reboot: true }),
    ...(subject.image !== undefined && { image: subject.image }),
    hosts: hosts.map(specHost),
    limits: {
      ...(execution.deadlineAt !== undefined && { deadlineAt: execution.deadlineAt }),
      ...(idleTimeoutMs > 0 && { idleTimeoutMs }),
      reconnectMs: settings.limits.reconnectMs,
      maxResultsBytes: settings.limits.maxResultsBytes,
      // On SQLite everything is on one machine: nobody else could give the hosts away meanwhile.
      ...(settings.database.engine !== 'sqlite' && { orphanMs: orphanMs(settings.limits) }),
    },
  };
}

async function loadBundle(settings: Settings, job: JobRow): Promise<ControlBundle> {
  const stored = await settings.database.bundles.get(job.bundleHash);
  if (!stored) throw new BundleMissingError(job.id, job.bundleHash);
  return bundleFromJson(stored.json);
}

/** Directory of the written bundle, which all executions of it share. */
async function placeBundle(settings: Settings, bundle: ControlBundle): Promise<string> {
  const directory = join(settings.bundlesRoot, bundle.hash.replace(/[^A-Za-z0-9]/g, '-'));
  if (existsSync(join(directory, bundle.entry))) return directory;
  mkdirSync(settings.bundlesRoot, { recursive: true });
  await writeBundle(bundle, directory);
  return directory;
}

/** What runs hangs from the execution's span. A job that was submitted without a trace has one only where somebody takes spans. */
function traceParentOf({ tracing }: Settings, job: JobRow, execution: ExecutionRow): string | undefined {
  if (job.traceParent === undefined && !tracing) return undefined;
  return formatTraceParent(executionTrace(jobTrace(job), execution.id));
}

function specJob(job: JobRow, bundle: ControlBundle, bundleDir: string): SpecJob {
  return {
    id: job.id,
    name: job.name,
    owner: job.owner,
    controlType: job.controlType,
    bundleDir,
    bundleHash: job.bundleHash,
    entry: bundle.entry,
    modules: bundle.modules,
    params: job.params,
    keyvals: job.keyvals,
  };
}

function specHost(host: HostRow): HostSpec {
  return {
    name: host.name,
    transport: host.transport,
    address: host.address,
    port: host.port,
    user: host.user,
    ...(host.keyFile !== undefined && { keyFile: host.keyFile }),
    hostKeys: host.hostKeys,
    labels: host.labels,
    attributes: host.attributes,
    protection: host.protection,
  };
}
