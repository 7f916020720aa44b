import { rebootHost } from '../../reboot/reboot-host.ts';
import { isOutOfReach, keepsUsOut, type RepairRung } from './rung.ts';

export const reboot: RepairRung = {
  name: 'reboot',
  reach: 'machine',
  cannotHelp: (problem, { spec }) => {
    if (spec.transport !== 'ssh') return 'this machine is not rebooted';
    if (isOutOfReach(problem)) return 'the host does not answer';
    return keepsUsOut(problem) ? 'a reboot changes nothing about it' : undefined;
  },
  run: async ({ context, connection, scope }) => {
    const { rungs } = await rebootHost(context, connection, { scope });
    return { outcome: 'pass', reason: rungs.join(', then ') };
  },
};
