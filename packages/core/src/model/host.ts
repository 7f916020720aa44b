import { defineMachine } from './machine.ts';

/**
 * Host: a machine under test. Orthogonal to its state: locked, draining, quarantined, reserved for a person, leased.
 *
 * ready          can be given to an entry
 * verifying · cleaning · repairing · provisioning    a special task works on it
 * reserved       fit, held for an entry that waits for its siblings
 * running        a job runs on it
 * repairFailed   set aside with evidence; re-verified periodically
 */
export const hostMachine = defineMachine({
  name: 'host',
  initial: 'ready',
  states: ['ready', 'provisioning', 'verifying', 'cleaning', 'repairing', 'reserved', 'running', 'repairFailed'],
  moves: {
    ready: {
      provision: 'provisioning',
      verify: 'verifying',
      clean: 'cleaning',
      repair: 'repairing',
      reserve: 'reserved',
      run: 'running',
    },
    provisioning: { release: 'ready', verify: 'verifying', repair: 'repairing', set_aside: 'repairFailed' },
    verifying: {
      release: 'ready',
      reserve: 'reserved',
      run: 'running',
      repair: 'repairing',
      set_aside: 'repairFailed',
    },
    cleaning: {
      release: 'ready',
      verify: 'verifying',
      provision: 'provisioning',
      repair: 'repairing',
      set_aside: 'repairFailed',
    },
    repairing: {
      release: 'ready',
      verify: 'verifying',
      clean: 'cleaning',
      provision: 'provisioning',
      set_aside: 'repairFailed',
    },
    reserved: { release: 'ready', run: 'running', verify: 'verifying', repair: 'repairing' },
    running: { release: 'ready', clean: 'cleaning', verify: 'verifying', repair: 'repairing' },
    repairFailed: {
      verify: 'verifying',
      repair: 'repairing',
      clean: 'cleaning',
      provision: 'provisioning',
      release: 'ready',
    },
  },
});

export type HostState = (typeof hostMachine.states)[number];
export type HostMove = 'provision' | 'verify' | 'clean' | 'repair' | 'reserve' | 'run' | 'release' | 'set_aside';

export const transports = ['ssh', 'local'] as const;
/** How autoserv reaches a host: over SSH, or as child processes of its own. */
export type Transport = (typeof transports)[number];

export const protections = [
  'none',
  'repairSoftwareOnly',
  'repairFilesystemOnly',
  'doNotRepair',
  'doNotVerify',
] as const;
/** How far verify and repair may go on a host. */
export type Protection = (typeof protections)[number];

/** What a host name or address may look like: also what may stand in paths and on command lines. */
export const hostNamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/;
