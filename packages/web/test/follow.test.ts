import { describe, expect, test } from 'vitest';
import { followingEnd, nextFollow, type FollowEvent, type FollowState } from '../src/model/follow.ts';

function after(...events: FollowEvent[]): FollowState {
  return events.reduce(nextFollow, followingEnd);
}

describe('following the end of a log', () => {
  test('goes on while lines come', () => {
    expect(after({ kind: 'lines', count: 40 })).toEqual({ following: true, newLines: 0 });
  });

  test('is let go by scrolling up, and what comes then is counted', () => {
    const state = after(
      { kind: 'scroll', atEnd: false, up: true },
      { kind: 'lines', count: 3 },
      { kind: 'lines', count: 309 },
    );
    expect(state).toEqual({ following: false, newLines: 312 });
  });

  test('is not let go because the log grew under the view', () => {
    expect(after({ kind: 'scroll', atEnd: false, up: false }).following).toBe(true);
  });

  test('is taken up again at the end', () => {
    const state = after(
      { kind: 'scroll', atEnd: false, up: true },
      { kind: 'lines', count: 3 },
      { kind: 'scroll', atEnd: true, up: false },
    );
    expect(state).toEqual(followingEnd);
  });

  test('is taken up again by the button of the new lines', () => {
    expect(after({ kind: 'toggle' }, { kind: 'lines', count: 5 }, { kind: 'jumpToEnd' })).toEqual(followingEnd);
  });

  test('is let go by looking at a search hit', () => {
    expect(after({ kind: 'jumpElsewhere' }).following).toBe(false);
  });
});
