import type { Connection, HostFieldsFragment } from '@autotest/graphql/client';
import type { Argv } from 'yargs';
import { note, printData, type OutputFormat } from '../output/print.ts';
import { withServer } from './with-server.ts';

/** `<names..>`: the hosts that a command is about. */
export function hostNames<T>(cli: Argv<T>) {
  return cli.positional('names', { type: 'string', array: true, demandOption: true, describe: 'names of hosts' });
}

/** Changes hosts one after the other, and says of each what was done. Stops at the first that the server refuses. */
export function changeEach(
  args: { readonly names: readonly string[]; readonly output: OutputFormat },
  change: (server: Connection, name: string) => Promise<HostFieldsFragment>,
  done: (host: HostFieldsFragment) => string,
): Promise<void> {
  return withServer(args, async (server) => {
    const hosts: HostFieldsFragment[] = [];
    for (const name of args.names) {
      const host = await change(server, name);
      hosts.push(host);
      if (args.output === 'table') note(done(host));
    }
    if (args.output !== 'table') printData(hosts, args.output);
  });
}
