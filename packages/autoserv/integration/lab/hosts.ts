import { afterAll, beforeAll } from 'vitest';
import type { HostSpec } from '@autotest/core';
import { startLab, type Lab as HostLab, type LabHost } from '@autotest/lab';
import { host } from '../support.ts';

/** A lab of real hosts for the tests of one file; without the rights or programs for it, `undefined`. */
export function useHosts(options: Parameters<typeof startLab>[0], possible: boolean): () => HostLab {
  let lab: HostLab | undefined;
  beforeAll(async () => {
    if (possible) lab = await startLab(options);
  }, 300_000);
  afterAll(() => lab?.close());
  return () => {
    if (!lab) throw new Error('the lab did not start');
    return lab;
  };
}

/** For autoservs that switch the power of a lab's hosts. */
export function powerEnv(lab: HostLab): Record<string, string> {
  return { AUTOTEST_SECRETS_DIR: lab.secretsDir };
}

/** A host of a lab, as autoserv is told of it: its reboots are real ones. */
export function labHost(one: LabHost, about: Partial<HostSpec> = {}): HostSpec {
  const { name, address, port, user, keyFile, hostKey, labels, attributes } = one;
  return host({
    name,
    transport: 'ssh',
    address,
    port,
    user,
    keyFile,
    hostKeys: [hostKey],
    labels,
    attributes,
    ...about,
  });
}
