/** Whether a log viewer sticks to the end, and what has come since it stopped to. */
export interface FollowState {
  readonly following: boolean;
  readonly newLines: number;
}

export type FollowEvent =
  | { readonly kind: 'lines'; readonly count: number }
  | { readonly kind: 'scroll'; readonly atEnd: boolean; readonly up: boolean }
  | { readonly kind: 'toggle' }
  | { readonly kind: 'jumpToEnd' }
  /** Something else asks to be seen: a search hit, a line of the URL. */
  | { readonly kind: 'jumpElsewhere' };

export const followingEnd: FollowState = { following: true, newLines: 0 };

/** Scrolling up lets go of the end, reaching the end takes hold of it again. */
export function nextFollow(state: FollowState, event: FollowEvent): FollowState {
  switch (event.kind) {
    case 'lines':
      return state.following || event.count === 0
        ? state
        : { following: false, newLines: state.newLines + event.count };
    case 'scroll':
      if (event.atEnd) return state.following ? state : followingEnd;
      return event.up && state.following ? { following: false, newLines: 0 } : state;
    case 'toggle':
      return state.following ? { following: false, newLines: 0 } : followingEnd;
    case 'jumpToEnd':
      return followingEnd;
    default:
      return state.following ? { following: false, newLines: 0 } : state;
  }
}
