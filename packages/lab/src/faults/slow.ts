import { LabError } from '../errors.ts';
import { NamespaceMachine } from '../namespace/namespace-machine.ts';
import { runTool } from '../run-tool.ts';
import type { Fault } from './fault.ts';

export const slow: Fault = {
  description: "slows the host's network down, both ways; a virtual machine's only towards it",
  value: 'rate: 256kbit, 10mbit',
  async apply({ host, network, value = '' }) {
    if (!/^\d+(\.\d+)?[kmg]?bit$/.test(value))
      throw new LabError(`${JSON.stringify(value)} is no rate: write for instance 256kbit or 10mbit.`);
    // Each end slows what it sends.
    const ends: readonly (readonly string[])[] = [
      [...network.enter, 'tc', 'qdisc', 'DO', 'dev', host.link, 'root'],
      ...(host.machine instanceof NamespaceMachine
        ? [['ip', 'netns', 'exec', host.machine.inside.netns, 'tc', 'qdisc', 'DO', 'dev', 'eth0', 'root']]
        : []),
    ];
    const each = async (verb: string, ...rest: string[]): Promise<void> => {
      for (const end of ends) await runTool([...end.map((word) => (word === 'DO' ? verb : word)), ...rest]);
    };
    await each('replace', 'tbf', 'rate', value, 'burst', '16kb', 'latency', '800ms');
    return () => each('del');
  },
};
