import { numberOf, type Fault } from './fault.ts';
import { filterPackets } from './packet-filter.ts';

export const loss: Fault = {
  description: 'loses some of the packets from and to the host, at random',
  value: 'how many of a hundred: 30',
  apply(target) {
    const percent = numberOf(target, 'percentage', 1, 100);
    return filterPackets(target, 'loss', `numgen random mod 1000 < ${Math.round(percent * 10)} drop`);
  },
};
