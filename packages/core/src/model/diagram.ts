import type { StateMachine } from './machine.ts';

/** The machine as a Mermaid state diagram. */
export function stateDiagram(machine: StateMachine): string {
  const lines = ['stateDiagram-v2', `  [*] --> ${machine.initial}`];
  for (const state of machine.states) {
    const moves = Object.entries(machine.moves[state] ?? {});
    if (moves.length === 0) lines.push(`  ${state} --> [*]`);
    for (const [to, names] of Map.groupBy(moves, ([, target]) => target)) {
      lines.push(`  ${state} --> ${to}: ${names.map(([name]) => name.replaceAll('_', ' ')).join(', ')}`);
    }
  }
  return lines.join('\n');
}
