import type { Fault } from './fault.ts';

export const cut: Fault = {
  description: 'pulls the network cable: new connections find no route, open ones hang',
  async apply({ host, network }) {
    await network.setLink(host.link, false);
    return () => network.setLink(host.link, true);
  },
};
