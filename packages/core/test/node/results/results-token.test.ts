import { describe, expect, test } from 'vitest';
import { readResultsToken, resultsTokenMs, signResultsToken } from '../../../src/node/results/results-token.ts';

const now = 1_000_000;
const claim = { executionId: 7, directory: '/data/results/1-a/h', dispatcherId: 'd1', expiresAt: now + resultsTokenMs };
const token = signResultsToken('secret', claim);

describe('a token for results', () => {
  test('says what it was made for', () => {
    expect(readResultsToken('secret', token, { dispatcherId: 'd1', now })).toEqual(claim);
  });

  test.for([
    ['made with another secret', signResultsToken('other', claim), now, 'd1'],
    ['for another dispatcher', token, now, 'd2'],
    ['that has expired', token, now + resultsTokenMs, 'd1'],
    ['that would be good for hours', signResultsToken('secret', { ...claim, expiresAt: now + 3_600_000 }), now, 'd1'],
    ['with another claim', `${Buffer.from('{}').toString('base64url')}.${token.split('.')[1]}`, now, 'd1'],
    ['without a signature', `${token.split('.')[0]}.`, now, 'd1'],
    ['with more than two parts', `${token}.x`, now, 'd1'],
    ['with a signature that is cut', token.slice(0, -4), now, 'd1'],
    ['that is empty', '', now, 'd1'],
    ['that is endless', 'a'.repeat(1_000_000), now, 'd1'],
  ] as const)('%s opens nothing', ([, wrong, at, dispatcherId]) => {
    expect(readResultsToken('secret', wrong, { dispatcherId, now: at })).toBeUndefined();
  });

  test('does not open anything with one bit changed', () => {
    for (let index = 0; index < token.length; index += 7) {
      const other = token[index] === 'A' ? 'B' : 'A';
      const wrong = `${token.slice(0, index)}${other}${token.slice(index + 1)}`;
      expect(readResultsToken('secret', wrong, { dispatcherId: 'd1', now }), wrong).toBeUndefined();
    }
  });
});
