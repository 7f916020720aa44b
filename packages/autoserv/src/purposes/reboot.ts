import { NotSupportedError, sleep } from '@autotest/core';
import { HostLostError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import type { HostConnection } from '../hosts/connection.ts';

/** Reboots a host over SSH and waits until it answers with another boot id. @throws NotSupportedError for this machine; HostLostError when it does not come back in time */
export async function rebootHost(
  context: ExecutionContext,
  connection: HostConnection,
  options: { readonly command?: string; readonly timeoutMs?: number } = {},
): Promise<void> {
  const { spec } = connection;
  const command = options.command ?? spec.attributes['reboot-command'] ?? 'reboot';
  if (spec.transport === 'local' || command === 'simulate')
    throw new NotSupportedError(`Rebooting ${spec.name}`, 'Use a host that is reached over SSH.');
  const { recorder, stopper, settings } = context;
  const timeoutMs = options.timeoutMs ?? settings.rebootMs;
  const before = await readBootId(connection);
  recorder.append({ kind: 'reboot', event: 'start', host: spec.name, bootId: before });
  recorder.append({ kind: 'phase', phase: 'rebooting', host: spec.name });
  // Detached: the command must not die with the connection that it takes away.
  await connection
    .exec(`sync; (sleep 1; ${command}) </dev/null >/dev/null 2>&1 &`, { timeout: 60_000 })
    .catch(() => undefined);
  const endsAt = Date.now() + timeoutMs;
  while (Date.now() < endsAt) {
    await sleep(1000, { signal: stopper.signal });
    const now = await bootIdNow(connection, endsAt - Date.now(), stopper.signal);
    if (now === undefined || now === before) continue;
    recorder.append({ kind: 'reboot', event: 'end', host: spec.name, bootId: now });
    return;
  }
  throw new HostLostError(spec.name, `it did not come back from a reboot within ${Math.round(timeoutMs / 1000)} s`);
}

export async function readBootId(connection: HostConnection): Promise<string> {
  const result = await connection.exec(['cat', '/proc/sys/kernel/random/boot_id'], { timeout: 30_000 });
  return result.stdout.trim();
}

async function bootIdNow(
  connection: HostConnection,
  withinMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  await connection.connect({ withinMs: Math.max(1000, withinMs), signal });
  try {
    return await readBootId(connection);
  } catch {
    // It went down under the command: not up yet.
    return undefined;
  }
}
