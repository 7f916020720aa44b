import { runTool } from '../run-tool.ts';
import type { FaultTarget, Undo } from './fault.ts';

/**
 * Lets a rule decide on all packets from and to a host, at its port of the lab's bridge: so it holds for any kind of machine, for its neighbours in the lab too, and over its
 * reboots. @param name of the fault @param rule of nft
 */
export function filterPackets(target: FaultTarget, name: string, rule: string): Promise<Undo> {
  const { link } = target.host;
  const chain = (hook: string): string =>
    `chain ${hook} { type filter hook ${hook} device "${link}" priority 0; policy accept; ${rule}; }`;
  return addTable(target, `netdev ${name}-${link}`, `${chain('ingress')}\n${chain('egress')}`);
}

/** Adds a table of nft in the lab's network namespace. @param table family and name @param content chains, one a line */
export async function addTable({ network }: FaultTarget, table: string, content: string): Promise<Undo> {
  const [family = '', name = ''] = table.split(' ');
  const quoted = `${family} ${name.replaceAll(/[^a-z0-9]/gi, '_')}`;
  // Added first, so that deleting what an earlier one left cannot fail.
  await nft(`add table ${quoted}\ndelete table ${quoted}\ntable ${quoted} {\n${content}\n}\n`);
  return () => nft(`add table ${quoted}\ndelete table ${quoted}\n`);

  async function nft(commands: string): Promise<void> {
    await runTool([...network.enter, 'nft', '-f', '-'], commands);
  }
}
