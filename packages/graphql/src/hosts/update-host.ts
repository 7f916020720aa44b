import type { Database } from '@autotest/core/db';
import { InputInvalidType } from '../schema/user-error.ts';
import { checkHost, readAttributes } from './check-host.ts';
import type { UpdateHostInput } from './host.input.ts';
import { HostSuccessType } from './host.type.ts';

/** Changes what the input names; gives what is wrong with it instead. */
export async function updateHost(
  database: Database,
  name: string,
  input: UpdateHostInput,
  by: string,
): Promise<HostSuccessType | InputInvalidType> {
  const host = await database.hosts.byName(name);
  if (host === undefined) {
    const shown = JSON.stringify(name.slice(0, 200));
    return new InputInvalidType(`There is no host ${shown}; check the name.`, ['name'], 'AT_NOT_FOUND');
  }
  const invalid = checkHost(input) ?? checkQuarantine(input);
  if (invalid !== undefined) return invalid;
  const attributes = readAttributes(input.attributes);
  const patch = {
    ...(input.address && { address: input.address }),
    ...(input.port && { port: input.port }),
    ...(input.user && { user: input.user }),
    ...(input.keyFile && { keyFile: input.keyFile }),
    ...(input.hostKeys && { hostKeys: input.hostKeys }),
    ...(input.labels && { labels: [...new Set(input.labels)] }),
    ...(attributes && { attributes }),
    ...(input.protection && { protection: input.protection }),
    ...(typeof input.draining === 'boolean' && { draining: input.draining }),
    ...quarantineOf(input),
  };
  if (Object.keys(patch).length === 0) return new HostSuccessType(host);
  return new HostSuccessType(await database.hosts.update(host.id, patch, by));
}

function checkQuarantine({ quarantineReason }: UpdateHostInput): InputInvalidType | undefined {
  if ((quarantineReason ?? '').length <= 1000) return undefined;
  return new InputInvalidType('The reason is longer than 1000 characters.', ['input', 'quarantineReason']);
}

function quarantineOf({ quarantineReason }: UpdateHostInput): Parameters<Database['hosts']['update']>[1] {
  if (quarantineReason === undefined) return {};
  const reason = quarantineReason?.trim();
  return reason ? { quarantineReason: reason } : { clearQuarantine: true };
}
