import { JobError, TestError, TestFail, TestNotApplicable, TestWarn, defineTest } from '@autotest/core';

/*
 * Tests that end in each way a test can: to see what a control file, a notifier or a report makes of them.
 */

const params = { reason: { type: 'string', default: 'as it was asked to', doc: 'message of the outcome' } } as const;

export const errorFail = defineTest({
  name: 'error_fail',
  doc: 'Fails.',
  params,
  runOnce(_t, { reason }) {
    throw new TestFail(reason);
  },
});

export const errorError = defineTest({
  name: 'error_error',
  doc: 'Ends as an error.',
  params,
  runOnce(_t, { reason }) {
    throw new TestError(reason);
  },
});

export const errorSkip = defineTest({
  name: 'error_skip',
  doc: 'Does not apply to this host.',
  params,
  runOnce(_t, { reason }) {
    throw new TestNotApplicable(reason);
  },
});

export const errorWarn = defineTest({
  name: 'error_warn',
  doc: 'Ends with a warning.',
  params,
  runOnce(_t, { reason }) {
    throw new TestWarn(reason);
  },
});

export const errorJob = defineTest({
  name: 'error_job',
  doc: 'Ends the whole job.',
  params,
  runOnce(_t, { reason }) {
    throw new JobError(reason);
  },
});

export const errorInitialize = defineTest({
  name: 'error_initialize',
  doc: 'Throws in initialize: an error, not a failure.',
  params,
  initialize(_t, { reason }) {
    throw new RangeError(reason);
  },
  runOnce() {},
});

export const errorSetup = defineTest({
  name: 'error_setup',
  doc: 'Throws in setup: an error, not a failure.',
  params,
  setup(_t, { reason }) {
    throw new RangeError(reason);
  },
  runOnce() {},
});

export const errorCleanup = defineTest({
  name: 'error_cleanup',
  doc: 'Passes, then throws in cleanup: an error.',
  params,
  runOnce() {},
  cleanup(_t, { reason }) {
    throw new RangeError(reason);
  },
});

export const errorCommand = defineTest({
  name: 'error_command',
  doc: 'Runs a command that fails.',
  params: { exitCode: { type: 'number', default: 3, min: 1, max: 255 } },
  async runOnce(t, { exitCode }) {
    await t.runCheck(['sh', '-c', `exit ${exitCode}`]);
  },
});

export const errorCrash = defineTest({
  name: 'error_crash',
  doc: "Ends the test's own process by a signal.",
  params: { signal: { type: 'choice', choices: ['SIGSEGV', 'SIGABRT', 'SIGKILL'], default: 'SIGSEGV' } },
  async runOnce(t, { signal }) {
    t.log(`killing this process with ${signal}`);
    process.kill(process.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  },
});

export const errorHang = defineTest({
  name: 'error_hang',
  doc: 'Never ends by itself: for timeouts and aborts.',
  async runOnce() {
    await new Promise<never>(() => {
      setInterval(() => undefined, 1000);
    });
  },
});
