import { createHash } from 'node:crypto';
import { HostDocument, type Connection, type HostFieldsFragment } from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { updateHost } from '../api/update-host.ts';
import { withServer } from '../api/with-server.ts';
import { notFoundError, UsageError } from '../errors.ts';
import { note, outputOption, printData, printList, type OutputFormat } from '../output/print.ts';

/** `autotest host key …`: which keys a host may prove itself with. */
export const hostKeyCommand: CommandModule = {
  command: 'key <command>',
  describe: 'list, accept and forget the keys that are pinned for a host',
  builder: (cli) =>
    cli
      .option('output', outputOption)
      .command(
        'list <name>',
        'list the pinned keys of a host',
        (sub) => sub.positional('name', { type: 'string', demandOption: true }),
        (args) =>
          withServer(args, async (server) => {
            const { hostKeys } = await hostOf(server, args.name);
            const rows = hostKeys.map((key) => ({ fingerprint: fingerprintOf(key), key }));
            printList(rows, args.output, columns, 'No key is pinned: the next one that the host shows will be.');
          }),
      )
      .command(
        'accept <name> <keys..>',
        'pin keys besides those that are pinned, or instead of them',
        (sub) =>
          sub
            .positional('name', { type: 'string', demandOption: true })
            .positional('keys', {
              type: 'string',
              array: true,
              demandOption: true,
              describe: 'in OpenSSH format, each in quotes',
            })
            .option('replace', { type: 'boolean', default: false, describe: 'forget the keys that are pinned' }),
        (args) =>
          change(args, ({ hostKeys }) => {
            const keys = args.keys.map(plainKey);
            return args.replace ? keys : [...new Set([...hostKeys, ...keys])];
          }),
      )
      .command(
        'forget <name> <fingerprints..>',
        'no longer trust keys of a host; without any left, the next one it shows is pinned',
        (sub) =>
          sub.positional('name', { type: 'string', demandOption: true }).positional('fingerprints', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'SHA256:…, as `autotest host key list` shows them',
          }),
        (args) =>
          change(args, ({ name, hostKeys }) => {
            const unknown = args.fingerprints.find((text) => hostKeys.every((key) => fingerprintOf(key) !== text));
            if (unknown !== undefined)
              throw new UsageError(`${name} has no key ${unknown}; see \`autotest host key list ${name}\`.`);
            return hostKeys.filter((key) => !args.fingerprints.includes(fingerprintOf(key)));
          }),
      )
      .demandCommand(1, 'Name a command; see `autotest host key --help`.'),
  handler: () => undefined,
};

const columns = [
  { title: 'type', value: ({ key }: { key: string }) => key.split(' ')[0] ?? '' },
  { title: 'fingerprint', value: ({ fingerprint }: { fingerprint: string }) => fingerprint },
] as const;

function change(
  args: { readonly name: string; readonly output: OutputFormat },
  keysOf: (host: HostFieldsFragment) => readonly string[],
): Promise<void> {
  return withServer(args, async (server) => {
    const hostKeys = keysOf(await hostOf(server, args.name));
    const host = await updateHost(server, args.name, { hostKeys: [...hostKeys] });
    if (args.output !== 'table') return printData(host, args.output);
    const pinned = host.hostKeys.map(fingerprintOf).join(', ');
    note(pinned === '' ? `${host.name} has no pinned key.` : `Pinned for ${host.name}: ${pinned}.`);
  });
}

async function hostOf(server: Connection, name: string): Promise<HostFieldsFragment> {
  const { host } = await server.request(HostDocument, { name, tasks: 1 });
  if (host === null) throw notFoundError('host', name, 'host list');
  return host;
}

/** Type and data, without a comment. */
function plainKey(text: string): string {
  return text.trim().split(/\s+/).slice(0, 2).join(' ');
}

/** As OpenSSH writes it. */
function fingerprintOf(key: string): string {
  const data = Buffer.from(key.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(data).digest('base64').replace(/=+$/, '')}`;
}
