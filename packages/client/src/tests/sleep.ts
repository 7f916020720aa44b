import { defineTest, sleep } from '@autotest/core';

/** Waits: the smallest test there is. */
export const sleepTest = defineTest({
  name: 'sleep',
  doc: 'Sleeps for the given time and passes.',
  author: 'Autotest',
  params: { seconds: { type: 'number', default: 1, min: 0, max: 604_800, doc: 'how long' } },
  async runOnce(t, { seconds }) {
    t.log(`sleeping for ${seconds} s`);
    await sleep(seconds * 1000, { signal: t.signal });
    t.log('slept');
  },
});
