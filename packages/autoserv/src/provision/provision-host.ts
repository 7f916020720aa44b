import { formatDuration, NotSupportedError } from '@autotest/core';
import { ProvisionError } from '../errors.ts';
import { readBootFacts } from '../reboot/boot-facts.ts';
import type { StepHost } from '../steps/host-step.ts';
import { makeProvisioner } from './make-provisioner.ts';

/**
 * Installs an image on a host and waits until it answers. The host keys that its driver names take the place of the pinned ones; a driver that names none vouches for the old ones.
 *
 * @throws ProvisionError, HostUnfitError without a driver, NotSupportedError for this machine
 */
export async function provisionHost(host: StepHost, image: string): Promise<void> {
  const { spec, connection, context, log } = host;
  if (spec.transport === 'local')
    throw new NotSupportedError(`Provisioning ${spec.name}`, 'Use a host that is reached over SSH.');
  const { hostKeys } = await makeProvisioner(spec).provision(host, image);
  connection.drop('the host was provisioned');
  if (hostKeys) connection.replaceHostKeys(hostKeys);
  const { rebootMs } = context.settings;
  try {
    await connection.connect({ withinMs: rebootMs, signal: context.stopper.signal });
  } catch (error) {
    context.stopper.signal.throwIfAborted();
    throw new ProvisionError(spec.name, image, `it did not answer within ${formatDuration(rebootMs)}`, error);
  }
  const { kernel, bootId } = await readBootFacts(connection);
  log.line(`it answers: kernel ${kernel}, boot ${bootId}`);
}
