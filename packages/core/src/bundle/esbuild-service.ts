import type { BuildOptions, BuildResult } from 'esbuild';

/**
 * esbuild does its work in a process of its own, which all builds of this process share, and offers no way to end a single build.
 * Its time can grow exponentially with hostile input. So a build that takes too long ends that process; the other builds that were under way
 * are started again.
 */
interface RunningBuild {
  readonly onServiceStopped: () => void;
}

const running = new Set<RunningBuild>();
const maxStarts = 3;

/** Thrown when a build takes too long. */
export class BuildTimeoutError extends Error {
  constructor(limitMs: number) {
    super(`The build took longer than ${limitMs} ms.`);
    this.name = 'BuildTimeoutError';
  }
}

/** Builds with esbuild, which is loaded on first use. Rejects with esbuild's failure or a BuildTimeoutError. */
export async function buildInTime(options: BuildOptions, limitMs: number): Promise<BuildResult> {
  for (let start = 1; start <= maxStarts; start++) {
    const result = await buildOnce(options, limitMs);
    if (result !== 'service stopped') return result;
  }
  throw new BuildTimeoutError(limitMs);
}

async function buildOnce(options: BuildOptions, limitMs: number): Promise<BuildResult | 'service stopped'> {
  const esbuild = await import('esbuild');
  return new Promise((resolve, reject) => {
    const build: RunningBuild = {
      onServiceStopped: () => {
        finish();
        resolve('service stopped');
      },
    };
    const timer = setTimeout(() => {
      finish();
      reject(new BuildTimeoutError(limitMs));
      void esbuild.stop();
      for (const other of running) other.onServiceStopped();
    }, limitMs);
    const finish = (): void => {
      clearTimeout(timer);
      running.delete(build);
    };
    running.add(build);
    esbuild.build(options).then(resolve, reject).finally(finish);
  });
}
