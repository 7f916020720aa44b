import { quoteWord } from './quote.ts';

/** Environment variable by which the processes of one command are found again, wherever they went. */
export const commandVariable = 'AUTOTEST_COMMAND';

/**
 * Shell script that kills every process whose environment has the marker, until there is none. What changed its user, or cleared its environment (`sudo`, `env -i`, a service that was started by the
 * init system), is not found.
 */
export function sweepScript(marker: string): string {
  const word = quoteWord(`${commandVariable}=${marker}`);
  return `for n in 1 2 3 4 5; do
f=$(grep -l ${word} /proc/[0-9]*/environ 2>/dev/null)
[ -n "$f" ] || exit 0
for p in $f; do p=\${p#/proc/}; kill -KILL "\${p%/environ}" 2>/dev/null; done
done`;
}
