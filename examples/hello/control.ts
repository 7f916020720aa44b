import { defineControl } from '@autotest/core';

export default defineControl({
  name: 'hello',
  author: 'Autotest maintainers <maintainers@autotest.example>',
  doc: 'A first job: waits, runs a command that speaks TAP, and measures processor and disk three times each.',
  type: 'client',
  time: 'short',
  category: 'sample',
  params: {
    seconds: { type: 'number', default: 1, min: 0, max: 60, doc: 'how long the sleep test sleeps' },
    iterations: { type: 'number', default: 3, min: 1, max: 100, doc: 'how often the benchmarks measure' },
  },
  async run(job, params) {
    await job.runTest('sleep', { seconds: params.seconds });

    // Any program that prints TAP is a test; its lines become subtests.
    await job.runCommand(
      'greeting',
      ['sh', '-c', 'echo 1..2; echo "ok 1 - says hello"; echo "ok 2 - says it politely"'],
      {
        format: 'tap',
      },
    );

    await job.group('benchmarks', async () => {
      await job.runTest('cpu', {}, { iterations: params.iterations });
      await job.runTest('disk', { sizeMb: 16 }, { iterations: params.iterations });
    });

    const kernel = await job.step('kernel version', async () => (await job.runCheck(['uname', '-r'])).stdout.trim());
    job.keyval({ kernel });
  },
});
