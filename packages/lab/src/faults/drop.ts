import type { Fault } from './fault.ts';
import { filterPackets } from './packet-filter.ts';

export const drop: Fault = {
  description: 'swallows all packets from and to the host: connections time out',
  apply: (target) => filterPackets(target, 'drop', 'drop'),
};
