/** Control files to begin with. */
export const presets = [
  {
    key: 'hello',
    label: 'Hello',
    source: `import { defineControl } from '@autotest/core';

export default defineControl({
  name: 'hello',
  author: 'You <you@example.org>',
  doc: 'Says hello a few times.',
  type: 'client',
  time: 'short',
  params: {
    greeting: { type: 'string', default: 'hello', doc: 'What to say' },
    times: { type: 'number', default: 5, min: 1, max: 100, doc: 'How often' },
  },
  async run(job, params) {
    await job.group('greetings', async () => {
      for (let i = 1; i <= params.times; i += 1) {
        await job.runCommand(\`hello-\${i}\`, ['sh', '-c', 'echo "$0 $1"; sleep 0.3', params.greeting, String(i)]);
      }
    });
    await job.runCommand('who', ['uname', '-a']);
  },
});
`,
  },
  {
    key: 'sleep',
    label: 'Sleep, three iterations',
    source: `import { defineControl } from '@autotest/core';

export default defineControl({
  name: 'sleep',
  author: 'You <you@example.org>',
  doc: 'Runs the bundled sleep test.',
  type: 'client',
  time: 'short',
  params: { seconds: { type: 'number', default: 1, min: 0, doc: 'How long each iteration sleeps' } },
  async run(job, params) {
    await job.runTest('sleep', { seconds: params.seconds }, { iterations: 3 });
  },
});
`,
  },
  {
    key: 'server',
    label: 'Server control',
    source: `import { defineControl } from '@autotest/core';

export default defineControl({
  name: 'uptime',
  author: 'You <you@example.org>',
  doc: 'Asks each of its hosts how long it has been up.',
  type: 'server',
  syncCount: 1,
  async run(job) {
    for (const host of job.hosts) {
      const { stdout } = await host.runCheck('uptime');
      job.record('pass', \`uptime of \${host.name}\`, stdout.trim());
    }
  },
});
`,
  },
] as const;
