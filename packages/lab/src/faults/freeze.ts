import type { Fault } from './fault.ts';

export const freeze: Fault = {
  description: 'stops all processors of the host: its connections stay open and silent',
  async apply({ host }) {
    await host.machine.freeze();
    return () => host.machine.thaw();
  },
};
