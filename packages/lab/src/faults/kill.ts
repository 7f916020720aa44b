import type { Fault } from './fault.ts';

export const kill: Fault = {
  description: 'takes the power away: nothing on the host gets to say a word; taking it back switches it on',
  async apply({ host }) {
    await host.machine.powerOff();
    return () => host.machine.powerOn();
  },
};
