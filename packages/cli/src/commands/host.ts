import {
  AddHostDocument,
  HostDocument,
  HostsDocument,
  type AddHostInput,
  type HostFieldsFragment,
} from '@autotest/graphql/client';
import { formatDuration } from '@autotest/core';
import type { CommandModule } from 'yargs';
import { changeEach } from '../api/each-host.ts';
import { updateHost } from '../api/update-host.ts';
import { withServer } from '../api/with-server.ts';
import { notFoundError, RefusedError, UsageError } from '../errors.ts';
import { note, outputOption, printData, printList, printThing } from '../output/print.ts';
import { paintState } from '../output/style.ts';
import { formatTable } from '../output/table.ts';
import { hostHoldCommands } from './host-holds.ts';
import { hostKeyCommand } from './host-key.ts';
import { hostServiceCommands } from './host-service.ts';
import { parsePairs } from './params.ts';

/** `autotest host …` */
export const hostCommand: CommandModule = {
  command: 'host <command>',
  describe: 'add, list, show, reserve and service hosts',
  builder: (cli) =>
    hostServiceCommands(hostHoldCommands(cli.option('output', outputOption)))
      .command(hostKeyCommand)
      .command(
        'add <name>',
        'add a host',
        (sub) =>
          sub
            .positional('name', { type: 'string', demandOption: true })
            .option('transport', {
              choices: ['ssh', 'local'] as const,
              default: 'ssh' as const,
              describe: 'local: this machine, by child processes',
            })
            .option('address', { type: 'string', describe: 'name or address to connect to, where it is not the name' })
            .option('port', { type: 'number', default: 22 })
            .option('user', { type: 'string', default: 'root' })
            .option('key-file', { type: 'string', describe: 'private key, on the machine of the dispatcher' })
            .option('host-key', {
              type: 'string',
              array: true,
              describe: 'public key of the host to pin; default: the first one seen',
            })
            .option('label', {
              alias: 'l',
              type: 'string',
              array: true,
              default: [] as string[],
              describe: 'name or key:value',
            })
            .option('attribute', { type: 'string', array: true, default: [] as string[], describe: 'name=value' }),
        (args) =>
          withServer(args, async (server) => {
            if (!Number.isInteger(args.port)) throw new UsageError('--port takes a number.');
            const input: AddHostInput = {
              name: args.name,
              transport: args.transport,
              port: args.port,
              user: args.user,
              labels: args.label,
              attributes: parsePairs(args.attribute, 'attribute'),
              ...(args.address !== undefined && { address: args.address }),
              ...(args.keyFile !== undefined && { keyFile: args.keyFile }),
              ...(args.hostKey !== undefined && { hostKeys: args.hostKey }),
            };
            const { addHost } = await server.request(AddHostDocument, { input });
            if (addHost.__typename !== 'HostSuccess') throw new RefusedError(addHost.code, addHost.message);
            if (args.output === 'table') note(`Added host ${addHost.host.name}.`);
            else printData(addHost.host, args.output);
          }),
      )
      .command(
        'list',
        'list hosts',
        (sub) =>
          sub
            .option('state', {
              choices: [
                'ready',
                'provisioning',
                'verifying',
                'cleaning',
                'repairing',
                'reserved',
                'running',
                'repairFailed',
              ] as const,
            })
            .option('label', { alias: 'l', type: 'string', describe: 'hosts with this label' }),
        (args) =>
          withServer(args, async (server) => {
            const rows: HostFieldsFragment[] = [];
            for (let after: string | null = null, more = true; more;) {
              const answer: {
                hosts: {
                  edges: readonly { node: HostFieldsFragment }[];
                  pageInfo: { hasNextPage: boolean; endCursor: string | null };
                };
              } = await server.request(HostsDocument, {
                first: 500,
                after,
                state: args.state ?? null,
                label: args.label ?? null,
              });
              rows.push(...answer.hosts.edges.map((edge) => edge.node));
              ({ hasNextPage: more, endCursor: after } = answer.hosts.pageInfo);
            }
            printList(rows, args.output, columns, 'There are no such hosts. Add one with `autotest host add NAME`.');
          }),
      )
      .command(
        'show <name>',
        'show a host',
        (sub) => sub.positional('name', { type: 'string', demandOption: true }),
        (args) =>
          withServer(args, async (server) => {
            const { host } = await server.request(HostDocument, { name: args.name, tasks: 10 });
            if (host === null) throw notFoundError('host', args.name, 'host list');
            printThing(host, args.output, [
              ['name', host.name],
              ['state', paintState(host.state)],
              [
                'reached by',
                host.transport === 'local' ? 'child processes' : `ssh ${host.user}@${host.address}:${host.port}`,
              ],
              ['labels', host.labels.join(' ')],
              ['job', host.currentJob ? `${host.currentJob.id} ${host.currentJob.name}` : null],
              [
                'locked',
                host.locked ? `by ${host.locked.by}${untilText(host.locked.until)}: ${host.locked.reason}` : null,
              ],
              [
                'reserved',
                host.reservation
                  ? `by ${host.reservation.by}${untilText(host.reservation.until)}${host.reservation.reason === null ? '' : `: ${host.reservation.reason}`}`
                  : null,
              ],
              ['quarantine', host.quarantineReason],
              ['draining', host.draining ? 'yes' : null],
              ['groups', host.groups.join(' ')],
              ['health', `${Math.round(host.health * 100)} %`],
              ['image', host.image],
              ['protection', host.protection],
            ]);
            if (args.output === 'table' && host.tasks.length > 0) console.log(`\n${formatTasks(host.tasks)}`);
          }),
      )
      .command(
        'pin <name>',
        'trust another key of a host, such as after a reinstallation',
        (sub) =>
          sub
            .positional('name', { type: 'string', demandOption: true })
            .option('replace', {
              type: 'boolean',
              default: false,
              describe: 'forget the pinned keys; needed to trust the next key that the host shows',
            })
            .option('host-key', {
              type: 'string',
              array: true,
              default: [] as string[],
              describe: 'public key to pin; default: the next one the host shows',
            }),
        (args) => {
          if (!args.replace) throw new UsageError('Pinning another key lets go of the old one: say so with --replace.');
          return changeEach(
            { names: [args.name], output: args.output },
            (server, name) => updateHost(server, name, { hostKeys: args.hostKey }),
            ({ name }) => `The keys of ${name} are replaced.`,
          );
        },
      )
      .demandCommand(1, 'Name a command; see `autotest host --help`.'),
  handler: () => undefined,
};

/** What keeps a host from everybody's jobs, or from those of others. */
function holdsOf(host: HostFieldsFragment): string[] {
  const { locked, reservation, draining, quarantineReason } = host;
  return [
    ...(locked ? ['locked'] : []),
    ...(quarantineReason === null ? [] : ['quarantined']),
    ...(draining ? ['draining'] : []),
    ...(reservation ? [`reserved by ${reservation.by}`] : []),
  ];
}

function untilText(until: string | null): string {
  return until === null ? '' : ` until ${until}`;
}

const columns = [
  { title: 'name', value: (host: HostFieldsFragment) => host.name },
  {
    title: 'state',
    value: (host: HostFieldsFragment) => {
      const holds = holdsOf(host);
      return `${paintState(host.state)}${holds.length === 0 ? '' : ` (${holds.join(', ')})`}`;
    },
  },
  { title: 'transport', value: (host: HostFieldsFragment) => host.transport },
  { title: 'labels', value: (host: HostFieldsFragment) => host.labels.join(' ') },
  {
    title: 'job',
    value: (host: HostFieldsFragment) => (host.currentJob ? `${host.currentJob.id} ${host.currentJob.name}` : ''),
  },
] as const;

function formatTasks(
  tasks: readonly {
    kind: string;
    state: string;
    outcome: string | null;
    cause: { message: string } | null;
    createdAt: string;
  }[],
): string {
  return formatTable(tasks, [
    { title: 'task', value: (task) => task.kind },
    { title: 'went', value: (task) => paintState(task.outcome ?? task.state) },
    { title: 'age', value: (task) => formatDuration(Date.now() - Date.parse(task.createdAt)), align: 'right' },
    { title: 'why', value: (task) => task.cause?.message ?? '' },
  ]);
}
