import {
  CommandError,
  parseDuration,
  type Command,
  type RunOptions,
  type StepTarget,
  type TransferOptions,
} from '@autotest/core';
import { makeHostConsole } from '../../control/host-console.ts';
import { makeHostPower } from '../../control/host-power.ts';
import { getFiles, sendFiles, type TransferLimits } from '../../control/host-files.ts';
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
  const limits = (options: TransferOptions = {}): TransferLimits => ({
    deleteExtra: options.delete ?? false,
    preservePermissions: options.preservePermissions ?? true,
    signal: AbortSignal.any([
      signal,
      ...(options.timeout === undefined ? [] : [AbortSignal.timeout(parseDuration(options.timeout))]),
      ...(options.signal ? [options.signal] : []),
    ]),
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
    sendFile: (source, destination, options) => sendFiles(connection, source, destination, limits(options)),
    getFile: (source, destination, options) => getFiles(connection, source, destination, limits(options)),
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
