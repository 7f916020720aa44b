import { messageOf, type HostSpec } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import { inNode, type NodeAbout, type StepResult } from '../execution/nodes.ts';
import { connectionOf } from '../session/run-client-session.ts';
import type { HostStep, StepHost } from './host-step.ts';
import { StepLog } from './step-log.ts';

/** One host of an execution while steps run on it. */
export type HostUnderWork = Omit<StepHost, 'log' | 'scope'>;

export function hostUnderWork(context: ExecutionContext, spec: HostSpec): HostUnderWork {
  return { context, spec, connection: connectionOf(context, spec.name) };
}

/**
 * Does something on each host of the execution, hosts side by side, each in a node named `kind`.
 *
 * @throws the first error of the first host that failed, when all have ended
 */
export async function onEachHost(
  context: ExecutionContext,
  kind: string,
  work: (host: HostUnderWork, scope: readonly string[]) => Promise<StepResult | void>,
): Promise<void> {
  const several = context.spec.hosts.length > 1;
  const results = await Promise.allSettled(
    context.spec.hosts.map((spec) => {
      const scope = several ? [spec.name, kind] : [kind];
      return inNode(context.recorder, scope, { node: 'group', host: spec.name }, () =>
        work(hostUnderWork(context, spec), scope),
      );
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Does the steps on each host, one after another; the first that throws ends its host. @throws as `onEachHost` */
export async function runHostSteps(context: ExecutionContext, kind: string, steps: readonly HostStep[]): Promise<void> {
  await onEachHost(context, kind, (host, scope) => runSteps(host, scope, steps));
}

/** Does steps one after another, each in a node below `scope`. @throws what the first step throws that fails */
export async function runSteps(
  host: HostUnderWork,
  scope: readonly string[],
  steps: readonly HostStep[],
): Promise<StepResult> {
  let warned = false;
  for (const step of steps) {
    const { outcome } = await runStep(host, scope, step);
    warned ||= outcome === 'warn';
  }
  return { outcome: warned ? 'warn' : 'pass' };
}

/** Does one step in a node of its own, with its log. @throws what the step throws */
export async function runStep(
  host: HostUnderWork,
  below: readonly string[],
  step: HostStep,
  about: Pick<NodeAbout, 'tentative'> = {},
): Promise<StepResult> {
  const { name } = step;
  const { context, spec } = host;
  const { recorder, stopper } = context;
  stopper.signal.throwIfAborted();
  const scope = [...below, name];
  const log = new StepLog(context.spec.resultsDir, spec.name, scope.filter((part) => part !== spec.name).join('.'));
  return inNode(recorder, scope, { node: 'test', host: spec.name, ...about }, async () => {
    try {
      return (await step.run({ ...host, log, scope })) ?? { outcome: 'pass' };
    } catch (error) {
      if (!log.isEmpty) log.line(messageOf(error));
      throw error;
    } finally {
      if (!log.isEmpty) recorder.append({ kind: 'artifact', path: log.path, title: `log of ${name}` }, scope);
    }
  });
}
