import { powerOf } from '../../power/power-of.ts';
import { powerCycleHost } from '../../reboot/reboot-host.ts';
import { keepsUsOut, type RepairRung } from './rung.ts';

export const powerCycle: RepairRung = {
  name: 'power cycle',
  reach: 'machine',
  cannotHelp: (problem, { context, spec }) => {
    if (keepsUsOut(problem)) return 'it changes nothing about it';
    return powerOf(context, spec) ? undefined : 'the host has no power driver (attribute `power`)';
  },
  run: async ({ context, connection, scope }) => {
    await powerCycleHost(context, connection, { scope });
  },
};
