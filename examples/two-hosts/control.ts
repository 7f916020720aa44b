import { defineControl, TestFail } from '@autotest/core';

export default defineControl({
  name: 'two-hosts',
  author: 'Autotest maintainers <maintainers@autotest.example>',
  doc: 'Starts when two hosts are ready, compares their clocks and kernels, copies a file from one to the other and runs a test on both.',
  type: 'server',
  time: 'short',
  category: 'sample',
  syncCount: 2,
  params: {
    maxSkewSeconds: { type: 'number', default: 300, min: 0, doc: 'how far apart the clocks may be' },
  },
  async run(job, params) {
    const [first, second] = job.hosts;
    if (!first || !second) throw new TestFail(`needs two hosts, has ${job.hosts.length}`);

    await job.group('clocks', async () => {
      const times = await job.onEach(job.hosts, async (host) => Number((await host.runCheck(['date', '+%s'])).stdout));
      const [a = 0, b = 0] = times.map((result) => result.value ?? 0);
      job.metric({ name: 'clock difference', value: Math.abs(a - b), unit: 's', direction: 'lower' });
      if (Math.abs(a - b) > params.maxSkewSeconds) throw new TestFail(`clocks differ by ${Math.abs(a - b)} s`);
    });

    await job.group('copy', async () => {
      const from = `${await first.tmpDir()}/greeting`;
      const to = `${await second.tmpDir()}/greeting`;
      await first.runCheck(`echo 'hello from ${first.name}' > ${from}`);
      await first.getFile(from, `${job.resultsDir}/greeting`);
      await second.sendFile(`${job.resultsDir}/greeting`, to);
      const { stdout } = await second.runCheck(['cat', to]);
      if (stdout.trim() !== `hello from ${first.name}`) throw new TestFail(`the copy says ${JSON.stringify(stdout)}`);
    });

    await job.onEach(job.hosts, async (host) => {
      await host.runTest('sleep', { seconds: 1 }, { check: true });
    });
  },
});
