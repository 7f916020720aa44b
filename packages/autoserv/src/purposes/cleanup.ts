import type { ExecutionContext } from '../execution/context.ts';
import { quoteWord } from '../hosts/quote.ts';
import { localBase } from '../session/host-paths.ts';
import { probeHost } from '../session/probe.ts';
import { rebootHost } from './reboot.ts';
import { runHostSteps, type HostStep } from './steps.ts';

/** Leaves the hosts as they were before: no client runs, no session is left; rebooted where the spec asks for it. */
export async function cleanUp(context: ExecutionContext): Promise<void> {
  await runHostSteps(context, 'cleanup', [endSessions, rebootIfAsked]);
}

/** Kills what the clients of left-over sessions started, then the sessions. Each client leads a process group of its own. */
const endScript = (base: string): string => `cd ${quoteWord(base)}/sessions 2>/dev/null || exit 0
n=0
for d in */; do
  [ -d "$d" ] || continue
  pid=$(sed -n 's/.*"pid":[ ]*\\([0-9][0-9]*\\).*/\\1/p' "$d/client.pid" 2>/dev/null)
  ticks=$(sed -n 's/.*"startTicks":[ ]*"\\{0,1\\}\\([0-9][0-9]*\\).*/\\1/p' "$d/client.pid" 2>/dev/null)
  now=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
  if [ -n "$pid" ] && [ -n "$now" ] && [ "$now" = "$ticks" ]; then kill -TERM -- "-$pid" 2>/dev/null; sleep 1; kill -KILL -- "-$pid" 2>/dev/null; fi
  rm -rf "./$d" && n=$((n+1))
done
echo $n`;

const endSessions: HostStep = {
  name: 'end sessions',
  run: async ({ connection, spec }) => {
    // On this machine other executions have their sessions too, and theirs must stay.
    if (spec.transport === 'local')
      return { outcome: 'pass', reason: `${localBase()} is shared; sessions end with their executions` };
    const { base } = await probeHost(await connection.connect(), spec.name);
    const result = await connection.exec(endScript(base), { timeout: 300_000, label: 'end left-over sessions' });
    if (result.exitCode !== 0) return { outcome: 'error', reason: result.stderr.trim().slice(0, 500) };
    return { outcome: 'pass', reason: `${result.stdout.trim() || 0} sessions removed` };
  },
};

const rebootIfAsked: HostStep = {
  name: 'reboot',
  run: async ({ connection, spec, context }) => {
    if (!context.spec.reboot) return { outcome: 'skip', reason: 'it was not asked for' };
    if (spec.transport === 'local') return { outcome: 'skip', reason: 'this machine is not rebooted' };
    await rebootHost(context, connection);
    return { outcome: 'pass' };
  },
};
