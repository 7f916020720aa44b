import { changeHostKey } from './change-host-key.ts';
import { clock } from './clock.ts';
import { cut } from './cut.ts';
import { deleteClient } from './delete-client.ts';
import { drop } from './drop.ts';
import type { Fault } from './fault.ts';
import { fill } from './fill.ts';
import { freeze } from './freeze.ts';
import { kill } from './kill.ts';
import { killSessions } from './kill-sessions.ts';
import { killSshd } from './kill-sshd.ts';
import { loss } from './loss.ts';
import { refuse } from './refuse.ts';
import { slow } from './slow.ts';

export type { Fault, Undo } from './fault.ts';

/** What can be done to a host. */
export const faults = {
  cut,
  drop,
  refuse,
  loss,
  slow,
  freeze,
  fill,
  kill,
  killSshd,
  killSessions,
  changeHostKey,
  clock,
  deleteClient,
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as FaultName[];
