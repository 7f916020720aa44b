import { mount } from '@vue/test-utils';
import { describe, expect, test } from 'vitest';
import StatusPill from '../src/components/StatusPill.vue';
import type { ResultOutcome } from '../src/generated/graphql.ts';
import { entryLook, hostLook, isFailedResult, jobLook, resultLook } from '../src/model/status.ts';

const outcomes: ResultOutcome[] = ['pass', 'fail', 'error', 'warn', 'skip', 'abort', 'timeout', 'unknown'];

describe('the look of a state', () => {
  test('has an icon of its own for each outcome, so that colour is not needed', () => {
    expect(new Set(outcomes.map((outcome) => resultLook(outcome).icon)).size).toBe(outcomes.length);
  });

  test('of a finished entry is its outcome, before that its state', () => {
    expect(entryLook({ state: 'finished', outcome: 'timedOut' }).label).toBe('timed out');
    expect(entryLook({ state: 'gathering', outcome: null }).label).toBe('gathering');
    expect(jobLook({ state: 'running', outcome: null }).label).toBe('running');
    expect(jobLook({ state: 'finished', outcome: 'failed' }).icon).toBe('cross');
  });

  test('of a word that a newer server may say is the word itself', () => {
    expect(resultLook(JSON.parse('"exploded"')).label).toBe('exploded');
    expect(entryLook(JSON.parse('{"state":"dreaming","outcome":null}')).label).toBe('dreaming');
    expect(entryLook(JSON.parse('{"state":"finished","outcome":"odd"}')).label).toBe('odd');
    expect(hostLook(JSON.parse('"melting"')).label).toBe('melting');
  });

  test('counts an unknown outcome as failed and a skip not', () => {
    expect(outcomes.filter(isFailedResult)).toEqual(['fail', 'error', 'abort', 'timeout', 'unknown']);
    expect(isFailedResult(null)).toBe(false);
  });

  test('is written out next to its icon', () => {
    const pill = mount(StatusPill, { props: { look: resultLook('fail') } });
    expect(pill.text()).toBe('fail');
    expect(pill.find('svg').attributes('data-icon')).toBe('cross');
  });
});
