import { CommandError, type Command, type RunOptions, type StepTarget } from '@autotest/core';
import { makeHostConsole } from '../../control/host-console.ts';
import { makeHostPower } from '../../control/host-power.ts';
import { getFiles } from '../../hosts/transfer/get.ts';
import { sendFiles } from '../../hosts/transfer/send.ts';
import { transferSettings } from '../../hosts/transfer/settings.ts';
import { rebootHost } from '../../reboot/reboot-host.ts';
import { execLogged } from '../exec-logged.ts';
import type { StepHost } from '../host-step.ts';

/** A host as steps of the lab's people get it. */
export function makeStepTarget(host: StepHost, signal: AbortSignal): StepTarget {
  const { spec, connection, context, log, scope } = host;
  const run = (command: Command, options: RunOptions = {}) =>
    execLogged(host, command, {
      ...options,
      signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal,
    });
  return {
    name: spec.name,
    labels: spec.labels,
    attributes: spec.attributes,
    protection: spec.protection,
    signal,
    run,
    runCheck: async (command, options) => {
      const result = await run(command, options);
      if (result.exitCode !== 0 || result.timedOut || result.aborted) throw new CommandError(result);
      return result;
    },
    sendFile: async (source, destination, options = {}) =>
      void (await sendFiles(connection, source, destination, transferSettings(options, signal))),
    getFile: async (source, destination, options = {}) =>
      void (await getFiles(connection, source, destination, transferSettings(options, signal))),
    reboot: async () => {
      await rebootHost(context, connection, { scope });
    },
    power: makeHostPower({ spec, env: context.env, signal, step: (_, fn) => fn() }),
    console: makeHostConsole({
      host: spec.name,
      resultsDir: context.spec.resultsDir,
      signal,
      console: () => context.consoles?.of(spec.name),
      step: (_, fn) => fn(),
    }),
    log: (text) => log.line(text),
  };
}
