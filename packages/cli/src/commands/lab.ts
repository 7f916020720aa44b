import { parseDuration } from '@autotest/core';
import type { CommandModule } from 'yargs';
import { defaultLabDir } from '../lab/lab-dir.ts';
import { UsageError } from '../errors.ts';
import { note, outputOption, printData, printList } from '../output/print.ts';
import { hostColumns } from '../lab/host-columns.ts';

// Each handler loads the lab when it is called: other commands must not pay for it.

/** `autotest lab …` */
export const labCommand: CommandModule = {
  command: 'lab <command>',
  describe: 'make a lab of real hosts on this machine, and do bad things to them',
  builder: (cli) =>
    cli
      .option('dir', { type: 'string', default: defaultLabDir(), describe: 'directory of the lab' })
      .command(
        'up',
        'start a lab, in the foreground',
        (sub) =>
          sub
            .option('hosts', {
              type: 'number',
              describe: 'namespaced hosts; default: 3, where no other kind is asked for',
            })
            .option('uml', { type: 'number', default: 0, describe: 'User-mode Linux hosts: a kernel each' })
            .option('qemu', { type: 'number', default: 0, describe: 'virtual machines' })
            .option('simulated', { type: 'number', default: 0, describe: 'SSH servers in this process; need no root' })
            .option('shell', {
              type: 'boolean',
              default: false,
              describe: 'simulated hosts run commands with /bin/sh, as this user',
            })
            .option('root-fs', {
              choices: ['this-machine', 'debian'] as const,
              default: 'this-machine' as const,
              describe: 'where programs of namespaced hosts come from; debian is built once',
            })
            .option('register', { type: 'boolean', default: false, describe: 'add the hosts to the server' }),
        async (args) => {
          const { labUp } = await import('../lab/lab-up.ts');
          await labUp({ ...args, hosts: countOfHosts(args) });
        },
      )
      .command(
        'list',
        'list the hosts of the lab',
        (sub) => sub.option('output', outputOption),
        async ({ dir, output }) => {
          const { listHosts } = await import('../lab/ask.ts');
          printList(await listHosts(dir), output, hostColumns, 'The lab has no hosts.');
        },
      )
      .command(
        'fault <host> <fault> [value]',
        'do something bad to a host; the guide lists what',
        (sub) =>
          sub
            .positional('host', { type: 'string', demandOption: true })
            .positional('fault', { type: 'string', demandOption: true })
            .positional('value', { type: 'string' })
            .option('for', { type: 'string', describe: "take it back after so long, such as '30 seconds'" })
            .option('undo', { type: 'boolean', default: false, describe: 'take it back' }),
        async ({ dir, host, fault, value, for: time, undo }) => {
          if (undo && time !== undefined) throw new UsageError('--undo takes a fault back now; leave --for away.');
          const { askFault } = await import('../lab/ask.ts');
          await askFault(dir, {
            host,
            fault,
            value,
            undo,
            forMs: time === undefined ? undefined : parseDuration(time),
          });
          note(
            undo ? `${host}: ${fault} is taken back.` : `${host}: ${fault}${time === undefined ? '' : ` for ${time}`}.`,
          );
        },
      )
      .command(
        'reboot <host>',
        'press the reset button of a host, and wait until it answers',
        (sub) => sub.positional('host', { type: 'string', demandOption: true }),
        async ({ dir, host }) => {
          const { askLab } = await import('@autotest/lab');
          await askLab(dir, { op: 'reboot', host });
          note(`${host} is up again.`);
        },
      )
      .command(
        'power <host> <action>',
        'switch the power of a host',
        (sub) =>
          sub
            .positional('host', { type: 'string', demandOption: true })
            .positional('action', { choices: ['on', 'off', 'cycle', 'reset', 'status'] as const, demandOption: true }),
        async ({ dir, host, action }) => {
          const { askLab } = await import('@autotest/lab');
          const { powered } = (await askLab(dir, { op: 'power', host, action })) as { powered: boolean };
          console.log(powered ? 'on' : 'off');
        },
      )
      .command(
        'console <host>',
        'open the console of a host: a root shell, where it has none of its own; Ctrl-] ends it',
        (sub) => sub.positional('host', { type: 'string', demandOption: true }),
        async ({ dir, host }) => {
          const { openConsole } = await import('../lab/open-console.ts');
          await openConsole(dir, host);
        },
      )
      .command(
        'down',
        'end the lab',
        (sub) => sub,
        async ({ dir }) => {
          const { askLab } = await import('@autotest/lab');
          await askLab(dir, { op: 'down' });
          note('The lab ends.');
        },
      )
      .command(
        'faults',
        'list what can be done to hosts',
        (sub) => sub.option('output', outputOption),
        async ({ output }) => {
          const { faults } = await import('@autotest/lab');
          const rows = Object.entries(faults).map(([name, fault]) => ({ name, ...fault }));
          if (output !== 'table') return printData(rows, output);
          printList(
            rows,
            output,
            [
              { title: 'fault', value: ({ name }) => name },
              { title: 'value', value: (row) => ('value' in row ? (row.value ?? '') : '') },
              { title: 'what it does', value: ({ description }) => description },
            ],
            '',
          );
        },
      )
      .demandCommand(1, 'Name a command; see `autotest lab --help`.'),
  handler: () => undefined,
};

/** @throws UsageError for what is no count */
function countOfHosts(args: { hosts: number | undefined; uml: number; qemu: number; simulated: number }): number {
  for (const name of ['hosts', 'uml', 'qemu', 'simulated'] as const) {
    const count = args[name] ?? 0;
    if (!Number.isInteger(count) || count < 0) throw new UsageError(`--${name} takes a number of hosts.`);
  }
  return args.hosts ?? (args.uml + args.qemu + args.simulated === 0 ? 3 : 0);
}
