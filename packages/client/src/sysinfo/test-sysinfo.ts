import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** What was noted before a test, to be compared with what is there after it. */
export interface TestSysinfo {
  readonly directory: string;
}

export function collectBeforeTest(resultsDir: string, subdir: string): TestSysinfo {
  const directory = join(resultsDir, subdir, 'sysinfo');
  mkdirSync(directory, { recursive: true });
  return { directory };
}

export async function collectAfterTest(_before: TestSysinfo): Promise<void> {}
