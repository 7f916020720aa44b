import { formatDuration, parseDuration } from '@autotest/core';
import {
  ExtendReservationDocument,
  LockHostDocument,
  ReleaseHostDocument,
  ReserveHostDocument,
  UnlockHostDocument,
  type HostFieldsFragment,
} from '@autotest/graphql/client';
import type { Argv } from 'yargs';
import { changeEach, hostNames } from '../api/each-host.ts';
import { keepReserved } from '../api/keep-reserved.ts';
import { withServer } from '../api/with-server.ts';
import { UsageError } from '../errors.ts';
import { note, type OutputFormat } from '../output/print.ts';

const forOption = { type: 'string', default: '2h', describe: 'how long from now, such as 30m or 2h' } as const;

/** Locks keep everybody's jobs away from hosts, reservations those of others. */
export function hostHoldCommands<T extends { output: OutputFormat }>(cli: Argv<T>) {
  return cli
    .command(
      'lock <names..>',
      'keep hosts from getting jobs',
      (sub) =>
        hostNames(sub)
          .option('reason', { type: 'string', demandOption: true, describe: 'why, for others to read' })
          .option('for', { type: 'string', describe: 'how long from now, such as 2h; default: until it is unlocked' }),
      (args) => {
        const lengthMs = args.for === undefined ? undefined : parseDuration(args.for);
        return changeEach(
          args,
          async (server, name) => {
            const wanted = { name, reason: args.reason, for: lengthMs ?? null };
            return (await server.request(LockHostDocument, wanted)).lockHost;
          },
          (host) => `${host.name} is locked.`,
        );
      },
    )
    .command(
      'unlock <names..>',
      'let hosts get jobs again',
      (sub) => hostNames(sub),
      (args) =>
        changeEach(
          args,
          async (server, name) => (await server.request(UnlockHostDocument, { name })).unlockHost,
          (host) => `${host.name} is unlocked.`,
        ),
    )
    .command(
      'reserve <names..>',
      'keep hosts for your own jobs; what runs goes on',
      (sub) =>
        hostNames(sub)
          .option('for', forOption)
          .option('reason', { type: 'string', describe: 'why, for others to read' })
          .option('user', { type: 'string', describe: 'for whom, where it is not you; administrators only' })
          .option('keep-alive', {
            type: 'boolean',
            default: false,
            describe: 'go on extending until this command is stopped, then release; when it is killed, --for is left',
          }),
      async (args) => {
        const lengthMs = parseDuration(args.for);
        if (args.keepAlive && args.user !== undefined)
          throw new UsageError('--keep-alive is for reservations of your own: leave --user out.');
        await changeEach(
          args,
          async (server, name) => {
            const wanted = { name, for: lengthMs, reason: args.reason ?? null, login: args.user ?? null };
            return (await server.request(ReserveHostDocument, wanted)).reserveHost;
          },
          describeReservation,
        );
        if (args.keepAlive) await keepAlive(args, lengthMs);
      },
    )
    .command(
      'extend <names..>',
      'move the end of your reservations on',
      (sub) => hostNames(sub).option('for', forOption),
      (args) => {
        const lengthMs = parseDuration(args.for);
        return changeEach(
          args,
          async (server, name) =>
            (await server.request(ExtendReservationDocument, { name, for: lengthMs })).extendReservation,
          describeReservation,
        );
      },
    )
    .command(
      'release <names..>',
      'give reserved hosts back',
      (sub) =>
        hostNames(sub).option('force', {
          type: 'boolean',
          default: false,
          describe: 'also what somebody else has reserved; administrators only',
        }),
      (args) =>
        changeEach(
          args,
          async (server, name) => (await server.request(ReleaseHostDocument, { name, force: args.force })).releaseHost,
          (host) => `${host.name} is not reserved.`,
        ),
    );
}

function describeReservation({ name, reservation }: HostFieldsFragment): string {
  if (reservation === null) return `${name} is not reserved any more.`;
  const left = formatDuration(Date.parse(reservation.until) - Date.now());
  return `${name} is reserved for ${reservation.by}, for ${left}.`;
}

function keepAlive(args: { readonly names: readonly string[] }, lengthMs: number): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  note('They stay reserved until this command is stopped (Ctrl-C).');
  return withServer(args, (server) => keepReserved(server, args.names, lengthMs, stop.signal));
}
