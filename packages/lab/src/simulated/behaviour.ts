/**
 * How a simulated host behaves to whoever connects:
 *
 * normal          as it should
 * slow            each answer comes late
 * dead            accepts the connection and says nothing
 * refusing        refuses the connection
 * bannerFlood     sends text without end where its banner should be
 * endlessOutput   each command prints without end
 * wrongKey        shows another host key than the one it is known by
 * maxStartups     says `Exceeded MaxStartups` where its banner should be, and hangs up: sshd with too many who log in
 * dropsMidCommand breaks the connection when a command has begun to print
 */
export const behaviours = [
  'normal',
  'slow',
  'dead',
  'refusing',
  'bannerFlood',
  'endlessOutput',
  'wrongKey',
  'maxStartups',
  'dropsMidCommand',
] as const;

export type Behaviour = (typeof behaviours)[number];

/** How late the answers of a slow one are. */
export const slowMs = 1500;
