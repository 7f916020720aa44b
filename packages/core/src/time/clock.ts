/** Where code gets time from, so that tests can turn the hands. */
export interface Clock {
  /** Wall-clock time, ms since the epoch; jumps when somebody sets the machine's clock. */
  now(): number;
  /** Milliseconds since some moment in the past; never jumps, so it is what spans are measured with. */
  monotonicMs(): number;
  /** Calls once after `ms` (any length, also over 24 days). Gives a function that calls it off, as often as one likes. */
  setTimeout(callback: () => void, ms: number): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: startTimer,
};

// Timers hold 32 bits; a longer one would fire at once.
const longestTimerMs = 2 ** 31 - 1;

function startTimer(callback: () => void, ms: number): () => void {
  let leftMs = ms;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (): void => {
    const partMs = Math.min(leftMs, longestTimerMs);
    leftMs -= partMs;
    timer = setTimeout(leftMs > 0 ? arm : callback, partMs);
  };
  if (ms < Infinity) arm();
  return () => clearTimeout(timer);
}
