import { askLab, type HostFacts, type LabRequest } from '@autotest/lab';

/** @throws LabError when no lab runs there */
export async function listHosts(dir: string): Promise<readonly HostFacts[]> {
  return (await askLab(dir, { op: 'list' })) as HostFacts[];
}

export interface FaultWish {
  readonly host: string;
  readonly fault: string;
  readonly value: string | undefined;
  readonly forMs: number | undefined;
  readonly undo: boolean;
}

/** @throws LabError when there is no such host or fault */
export async function askFault(dir: string, wish: FaultWish): Promise<void> {
  // Whether there is such a fault depends on the host: the lab knows.
  const fault = wish.fault as Extract<LabRequest, { op: 'fault' }>['fault'];
  await askLab(
    dir,
    wish.undo
      ? { op: 'undo', host: wish.host, fault }
      : {
          op: 'fault',
          host: wish.host,
          fault,
          ...(wish.value !== undefined && { value: wish.value }),
          ...(wish.forMs !== undefined && { forMs: wish.forMs }),
        },
  );
}
