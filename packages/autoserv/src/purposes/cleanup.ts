import type { ExecutionContext } from '../execution/context.ts';
import { messageOf, type HostSpec } from '@autotest/core';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { callClient } from '../session/client-command.ts';
import { rebootHost } from '../reboot/reboot-host.ts';
import { installBases } from '../session/host-paths.ts';
import { openSession } from '../session/open.ts';
import { probeHost } from '../session/probe.ts';
import type { HostStep } from '../steps/host-step.ts';
import { runHostSteps } from '../steps/run-steps.ts';

/** Leaves the hosts as they were before: no client runs, no session is left; rebooted where the spec asks for it. */
export async function cleanUp(context: ExecutionContext): Promise<void> {
  await runHostSteps(context, 'cleanup', [endSessions, rebootIfAsked]);
}

const endSessions: HostStep = {
  name: 'end sessions',
  run: async ({ connection, spec, context }) => {
    // On this machine other executions have their sessions too, and theirs must stay.
    if (spec.transport === 'local')
      return { outcome: 'pass', reason: 'sessions of this machine end with their executions' };
    const transport = await connection.connect();
    const { base } = await probeHost(transport, spec.name, installBases(spec, context.spec.resultsDir));
    const list = await connection.exec(`cd ${quoteWord(base)}/sessions && ls`, { timeout: 30_000 });
    const names = list.stdout.split('\n').filter((name) => /^[\w.-]+$/.test(name));
    const problems: string[] = [];
    for (const name of names) problems.push(...(await endSession(context, transport, spec, name)));
    if (problems.length > 0) return { outcome: 'warn', reason: problems.join('; ').slice(0, 1000) };
    return { outcome: 'pass', reason: `${names.length} sessions removed` };
  },
};

/** Stops a session's client with everything that it started, and deletes the session. Gives what went wrong. */
async function endSession(
  context: ExecutionContext,
  transport: HostTransport,
  spec: HostSpec,
  name: string,
): Promise<string[]> {
  const host = spec.name;
  try {
    const opened = await openSession(transport, {
      host,
      name,
      owner: '',
      bases: installBases(spec, context.spec.resultsDir),
      clientFile: context.settings.clientFile,
      signal: context.stopper.signal,
      onProgress: (message) => context.recorder.append({ kind: 'phase', phase: 'installing', host, message }),
    });
    if (!opened) return [];
    await callClient(transport, opened.call, 'clean', {
      arguments: ['--grace', '5', '--reason', 'the host is cleaned'],
      timeout: 120_000,
    });
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

const rebootIfAsked: HostStep = {
  name: 'reboot',
  run: async ({ connection, spec, context, scope }) => {
    if (!context.spec.reboot) return { outcome: 'skip', reason: 'it was not asked for' };
    if (spec.transport === 'local') return { outcome: 'skip', reason: 'this machine is not rebooted' };
    const { rungs } = await rebootHost(context, connection, { scope });
    return { outcome: 'pass', reason: rungs.join(', then ') };
  },
};
