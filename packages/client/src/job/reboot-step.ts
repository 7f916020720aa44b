import { join } from 'node:path';
import type { RebootOptions } from '@autotest/core';
import type { ClientSession } from '../session/client-session.ts';
import { compareBootFacts, saveBootFacts } from './boot-facts.ts';

/** `job.reboot()`: the step is done when a client runs on a machine that was booted since. A machine that came back different gives a warning. */
export async function rebootStep(session: ClientSession, options: RebootOptions = {}): Promise<void> {
  const { runtime, spec, files } = session;
  const call = runtime.begin('reboot', options.tag ?? '');
  const { scope, recorded } = call;
  const factsFile = join(files.dir, 'before-reboot.json');
  if (recorded?.done) {
    if (runtime.recall(recorded) === 'changed') scope.outcomes.push('warn');
    return;
  }
  const before = recorded?.bootId;
  const { bootId } = runtime.options;
  if (before === undefined || (before === bootId && spec.reboot !== 'simulate')) {
    saveBootFacts(factsFile);
    runtime.started(call);
    await session.reboot(options, scope.path, undefined);
  }
  const changes = compareBootFacts(factsFile);
  const host = spec.hostname;
  session.append(
    { kind: 'reboot', event: 'verify', host, bootId, ...(changes.length > 0 && { message: changes.join('; ') }) },
    scope.path,
  );
  session.append({ kind: 'reboot', event: 'end', host, bootId }, scope.path);
  if (changes.length > 0) {
    const name = 'reboot.verify_config';
    const path = [...scope.path, scope.uniqueName(name)];
    session.append({ kind: 'node.start', node: 'subtest', name }, path);
    session.append({ kind: 'node.end', outcome: 'warn', reason: changes.join('; ') }, path);
    scope.outcomes.push('warn');
  }
  runtime.finish(call, { value: changes.length > 0 ? 'changed' : 'same' });
}
