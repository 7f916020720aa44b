import { AlreadyExistsError, type Database } from '@autotest/core/db';
import { InputInvalidType } from '../schema/user-error.ts';
import { checkHost, readAttributes } from './check-host.ts';
import type { AddHostInput } from './host.input.ts';
import { HostSuccessType } from './host.type.ts';

/** Adds a host, or says what is wrong with it. */
export async function addHost(
  database: Database,
  input: AddHostInput,
  by: string,
): Promise<HostSuccessType | InputInvalidType> {
  const invalid = checkHost(input);
  if (invalid !== undefined) return invalid;
  const transport = input.transport ?? 'ssh';
  const port = input.port ?? 22;
  if (transport === 'ssh' && port === 0)
    return new InputInvalidType('The port must be a number from 1 to 65535.', ['input', 'port']);
  try {
    const host = await database.hosts.add(
      {
        name: input.name,
        transport,
        port,
        address: input.address ?? (transport === 'local' ? 'localhost' : input.name),
        user: input.user ?? 'root',
        hostKeys: input.hostKeys ?? [],
        labels: [...new Set(input.labels)],
        attributes: readAttributes(input.attributes) ?? {},
        protection: input.protection ?? 'none',
        ...(input.keyFile && { keyFile: input.keyFile }),
      },
      by,
    );
    return new HostSuccessType(host);
  } catch (error) {
    if (!(error instanceof AlreadyExistsError)) throw error;
    return new InputInvalidType(error.message, ['input', 'name'], error.code);
  }
}
