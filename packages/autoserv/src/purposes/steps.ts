import type { HostSpec } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import { inNode, type StepResult } from '../execution/nodes.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { connectionOf } from '../session/run-client-session.ts';

/** One step of verify, repair or cleanup on one host: a node of the result tree. */
export interface HostStep {
  readonly name: string;
  run(host: StepHost): Promise<StepResult | void>;
}

export interface StepHost {
  readonly spec: HostSpec;
  readonly connection: HostConnection;
  readonly context: ExecutionContext;
}

/** Does the steps on each host of the execution, hosts side by side, steps one after another; the first that throws ends its host. @throws the first error of the first host that failed */
export async function runHostSteps(context: ExecutionContext, kind: string, steps: readonly HostStep[]): Promise<void> {
  const several = context.spec.hosts.length > 1;
  const results = await Promise.allSettled(
    context.spec.hosts.map(async (spec) => {
      const host: StepHost = { spec, connection: connectionOf(context, spec.name), context };
      const scope = several ? [spec.name, kind] : [kind];
      await inNode(context.recorder, scope, { node: 'group', host: spec.name }, async () => {
        let warned = false;
        for (const step of steps) {
          context.stopper.signal.throwIfAborted();
          const { outcome } = await inNode(
            context.recorder,
            [...scope, step.name],
            { node: 'test', host: spec.name },
            () => step.run(host),
          );
          warned ||= outcome === 'warn';
        }
        return { outcome: warned ? 'warn' : 'pass' };
      });
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
