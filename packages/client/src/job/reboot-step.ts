import type { RebootOptions } from '@autotest/core';
import type { ClientSession } from '../session/client-session.ts';

/** `job.reboot()`: the step is done when a client runs on a machine that was booted since. */
export async function rebootStep(session: ClientSession, options: RebootOptions = {}): Promise<void> {
  const { runtime, spec } = session;
  const call = runtime.begin('reboot', options.tag ?? '');
  const { path } = call.scope;
  if (call.recorded?.done) {
    runtime.recall(call.recorded);
    return;
  }
  const before = call.recorded?.bootId;
  const { bootId } = runtime.options;
  if (before === undefined || (before === bootId && spec.reboot !== 'simulate')) {
    runtime.started(call);
    await session.reboot(options, path, undefined);
  }
  session.append({ kind: 'reboot', event: 'end', host: spec.hostname, bootId }, path);
  runtime.finish(call, { value: undefined });
}
