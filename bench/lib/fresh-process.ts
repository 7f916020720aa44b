import { execFileSync } from 'node:child_process';

/** Runs `script` with `args` in a new Node started like this one, and reads the JSON object it prints. */
export function inFreshProcess(script: string, args: readonly string[]): Record<string, number> {
  const output = execFileSync(process.execPath, [...process.execArgv, script, ...args], { encoding: 'utf8' });
  const result: unknown = JSON.parse(output);
  if (typeof result !== 'object' || result === null) throw new Error(`${script} printed no object: ${output}`);
  return Object.fromEntries(Object.entries(result).map(([key, value]) => [key, Number(value)]));
}

/** Peak resident memory of this process so far, in MB (10^6 bytes). */
export function peakRssMb(): number {
  return (process.resourceUsage().maxRSS * 1024) / 1e6;
}
