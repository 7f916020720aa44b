import type { Change } from '@autotest/core/db';

/** Something to be done, put together without asking anybody, and what follows once it is written. */
export interface Decision {
  /** What it is about: `entry:7`, `task:3`. While it fails, the others go on. */
  readonly key: string;
  readonly change: Change;
  /** Called once the change is written. */
  readonly onWritten?: () => void;
}
