import type { EntryRow, ExecutionRow } from '@autotest/core/db';
import { readProcessStart } from '@autotest/core/node';
import { ContendedError } from '../errors.ts';
import type { Settings } from '../options.ts';
import type { RunEnd } from '../supervise/supervision.ts';
import { newSocketPath } from './launch.ts';
import { persist } from './persist.ts';

/** Writes down that the process of an execution was started. */
export function recordStart(
  settings: Settings,
  id: number,
  pid: number,
  startTicks: string | undefined,
): Promise<ExecutionRow> {
  return persist(`execution ${id}`, async () => {
    const execution = await loadExecution(settings, id);
    if (execution.state !== 'created') return execution;
    return settings.database.scheduling.write((w) =>
      w.moveExecution(execution, 'start', { pid, ...(startTicks !== undefined && { pidStartTicks: startTicks }) }),
    );
  });
}

/** Writes down that the process answered: execution and entries run. */
export function recordGreeting(settings: Settings, id: number, pid: number): Promise<ExecutionRow> {
  return persist(`execution ${id}`, async () => {
    const execution = await loadExecution(settings, id);
    if (execution.state !== 'created' && execution.state !== 'starting') return execution;
    const entries = (await entriesOf(settings, execution)).filter(({ state }) => state === 'starting');
    const startTicks = readProcessStart(pid);
    return settings.database.scheduling.write(async (w) => {
      const process = { pid, ...(startTicks !== undefined && { pidStartTicks: startTicks }) };
      const starting = execution.state === 'created' ? await w.moveExecution(execution, 'start', process) : execution;
      const running = await w.moveExecution(starting, 'hello', process);
      for (const entry of entries) await w.moveEntry(entry, 'started');
      return running;
    });
  });
}

/** Writes down that the process is gone. Where it broke off, an execution that collects what it left is made in the same transaction. */
export function recordEnd(settings: Settings, id: number, end: RunEnd): Promise<ExecutionRow> {
  return persist(`execution ${id}`, async () => {
    const execution = await loadExecution(settings, id);
    if (execution.state === 'ended' || execution.state === 'ingested') return execution;
    const entries = (await entriesOf(settings, execution)).filter(
      ({ state }) => state === 'starting' || state === 'running',
    );
    return settings.database.scheduling.write(async (w) => {
      const ended = await w.moveExecution(execution, 'end', {
        exitClass: end.exitClass,
        ...(end.cause && { cause: end.cause }),
      });
      for (const entry of entries) await w.moveEntry(entry, 'end');
      if (end.needsGather && execution.jobId !== undefined) {
        await w.addExecution({
          purpose: 'gather',
          jobId: execution.jobId,
          attempt: execution.attempt,
          epoch: execution.epoch,
          tag: execution.tag,
          resultsDir: execution.resultsDir,
          socketPath: newSocketPath(),
          dispatcherId: settings.dispatcherId,
          deadlineAt: settings.clock.now() + settings.limits.gatherMs,
        });
      }
      return ended;
    });
  });
}

async function loadExecution(settings: Settings, id: number): Promise<ExecutionRow> {
  const execution = await settings.database.jobs.executionById(id);
  if (!execution) throw new ContendedError(`execution ${id}`);
  return execution;
}

async function entriesOf(settings: Settings, execution: ExecutionRow): Promise<EntryRow[]> {
  if (execution.jobId === undefined || execution.purpose !== 'job') return [];
  return (await settings.database.jobs.entries(execution.jobId)).filter(
    ({ executionId }) => executionId === execution.id,
  );
}
