import type { EntryState } from '../../generated/graphql.ts';

/** The stretches of an entry's way that people watch. */
export const stretches = ['queue', 'prepare', 'run', 'collect'] as const;
export type Stretch = (typeof stretches)[number];

const stretchOf: Readonly<Record<EntryState, Stretch | 'done'>> = {
  queued: 'queue',
  preparing: 'prepare',
  ready: 'prepare',
  starting: 'run',
  running: 'run',
  gathering: 'collect',
  parsing: 'collect',
  archiving: 'collect',
  finished: 'done',
};

/** How far an entry is: each stretch is behind it, being passed, or ahead. */
export function wayOf(state: EntryState): { stretch: Stretch; at: 'done' | 'now' | 'ahead' }[] {
  const now = stretchOf[state] ?? 'queue';
  const reached = now === 'done' ? stretches.length : stretches.indexOf(now);
  return stretches.map((stretch, index) => ({
    stretch,
    at: index < reached ? 'done' : index === reached ? 'now' : 'ahead',
  }));
}
