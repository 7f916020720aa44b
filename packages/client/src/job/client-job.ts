import { NotSupportedError, type ClientJob } from '@autotest/core';
import { makeJobBase } from '@autotest/core/runtime';
import type { ClientSession } from '../session/client-session.ts';
import { rebootStep } from './reboot-step.ts';
import { runCommand } from './run-command.ts';
import { runTest } from './run-test.ts';

/** Makes the `job` that a client control file gets. */
export function makeClientJob(session: ClientSession): ClientJob {
  const { spec, runtime, signal } = session;
  const base = makeJobBase(runtime, {
    id: spec.job?.id,
    name: spec.job?.name ?? spec.control.name,
    tag: spec.tag,
    signal,
    deadline: spec.deadlineAt === undefined ? undefined : new Date(spec.deadlineAt),
    resultsDir: spec.resultsDir,
    config: {},
    env: {
      CI: 'true',
      JOB_ID: String(spec.job?.id ?? 'local'),
      RESULT_DIR: spec.resultsDir,
      ...(spec.trace && { TRACEPARENT: spec.trace.parent }),
    },
    onOutput: (chunk) => {
      session.active();
      process.stdout.write(chunk);
    },
  });
  return {
    ...base,
    hostname: spec.hostname,
    sysinfo: noSysinfo,
    runTest: (nameOrPath, params, options) => runTest(session, nameOrPath, params, options),
    runCommand: (name, argv, options) => runCommand(session, name, argv, options),
    reboot: (options) => rebootStep(session, options),
    kernel: {
      install: () => noKernels('Installing a kernel'),
      list: () => noKernels('Listing kernels'),
      setDefault: () => noKernels('Choosing a kernel'),
      bootOnce: () => noKernels('Booting a kernel once'),
      addArgs: () => noKernels('Changing kernel arguments'),
    },
    partition: (device) => {
      throw new NotSupportedError(`job.partition(${device})`, 'Run mkfs, mount and fsck with job.runCheck().');
    },
  };
}

async function noKernels(what: string): Promise<never> {
  throw new NotSupportedError(
    what,
    "Run the distribution's own tools with job.runCheck() and reboot with job.reboot().",
  );
}

const noSysinfo: ClientJob['sysinfo'] = {
  addCommand: () => {
    throw new NotSupportedError(
      'job.sysinfo.addCommand()',
      'Run the command with job.run() and keep its output with job.artifact().',
    );
  },
  addFile: () => {
    throw new NotSupportedError('job.sysinfo.addFile()', 'Keep the file with job.artifact().');
  },
};
