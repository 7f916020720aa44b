import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { followJob } from '../api/follow-job.ts';
import { printReport, readJob } from '../api/job-report.ts';
import { submitInput } from '../api/submit.ts';
import type { ExitCode } from '../exit-codes.ts';
import { note } from '../output/print.ts';
import { paint } from '../output/style.ts';

/** `autotest demo`: a real job on this machine, from queue to results, in a temporary place. */
export function demoCommand(outcome: { exitCode: ExitCode }): CommandModule<unknown, { control: string | undefined }> {
  return {
    command: 'demo [control]',
    describe: 'run a sample job on this machine, from queue to results, in a temporary place',
    builder: (cli) =>
      cli.positional('control', { type: 'string', describe: 'control file; default: the hello example' }),
    handler: async ({ control = helloControl() }) => {
      const { start } = await import('../server/start.ts');
      const { registerThisMachine } = await import('../server/this-machine.ts');
      const data = mkdtempSync(join(tmpdir(), 'autotest-demo-'));
      note(`Starting everything on embedded SQLite in ${data}`);
      const running = await start({
        data,
        host: '127.0.0.1',
        port: 0,
        server: true,
        dispatcher: true,
        notifier: false,
      });
      try {
        await registerThisMachine(running.database);
        note('Registered this machine as host `localhost`.');
        outcome.exitCode = await runJob(running.access ?? { url: '', token: '' }, control, data);
      } finally {
        await running.stop({ abortRunning: true });
      }
      note(`\nEverything it wrote is in ${data}; delete it when you have looked. Stay with it: npm start`);
    },
  };
}

async function runJob(access: { url: string; token: string }, control: string, data: string): Promise<ExitCode> {
  const { bundleControl, bundleToJson } = await import('@autotest/core/bundle');
  const server = connect(access);
  try {
    const submitted = await submitInput(server, {
      bundle: bundleToJson(await bundleControl({ entryPath: control })),
    });
    note(`Submitted ${control} as job ${submitted.id}.\n`);
    await followJob(server, submitted.id);
    const job = await readJob(server, submitted.id);
    console.log('');
    const exitCode = printReport(job);
    const tag = job.executions.find((execution) => execution.purpose === 'job')?.tag;
    if (tag !== undefined) printTree(join(data, 'results', tag), tag);
    return exitCode;
  } finally {
    await server.close();
  }
}

/** The results directory as files and sizes, as deep as fits on a screen. */
function printTree(directory: string, title: string): void {
  console.log(`\n${paint('bold', title)}`);
  const walk = (path: string, indent: string, depth: number) => {
    const names = readdirSync(path).sort();
    names.forEach((name, index) => {
      const last = index === names.length - 1;
      const stat = statSync(join(path, name), { throwIfNoEntry: false });
      const inside = stat?.isDirectory()
        ? isDeep(join(path, name), depth)
          ? paint('gray', `/  ${readdirSync(join(path, name)).length} files`)
          : '/'
        : paint('gray', `  ${stat?.size ?? 0} B`);
      console.log(`${indent}${last ? '└─' : '├─'} ${name}${inside}`);
      if (stat?.isDirectory() && !isDeep(join(path, name), depth))
        walk(join(path, name), `${indent}${last ? '   ' : '│  '}`, depth - 1);
    });
  };
  walk(directory, '', 2);
}

/** Too deep, or too full, to be shown whole. */
function isDeep(directory: string, depth: number): boolean {
  return depth === 0 || readdirSync(directory).length > 15;
}

function helloControl(): string {
  return fileURLToPath(new URL('../../../../examples/hello/control.ts', import.meta.url));
}
