import type { Fault } from './fault.ts';
import { addTable } from './packet-filter.ts';

export const refuse: Fault = {
  description: "refuses new connections to the host's SSH port, from outside of the lab",
  apply(target) {
    const { address, port, link } = target.host;
    const rule = `ip daddr ${address} tcp dport ${port} tcp flags syn reject with tcp reset;`;
    const chain = (name: string, hook: string): string =>
      `chain ${name} { type filter hook ${hook} priority 0; policy accept; ${rule} }`;
    return addTable(
      target,
      `inet refuse-${link}`,
      `${chain('from_outside', 'forward')}\n${chain('from_lab', 'output')}`,
    );
  },
};
