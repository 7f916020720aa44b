/** Text of a control file. */
export function controlSource(fields: string = '', type: 'client' | 'server' = 'client'): string {
  return `import { defineControl } from '@autotest/core';

export default defineControl({
  name: 'hello',
  author: 'Ada <ada@example.org>',
  doc: 'Says hello.',
  type: '${type}',
  ${fields}
  async run(job) {
    await job.record('greeted', 'pass');
  },
});
`;
}
