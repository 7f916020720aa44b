import { AutotestError } from '../errors/autotest-error.ts';

/**
 * A state machine written down: for each state the named moves that leave it. Terminal states have none. Diagrams in the
 * documentation and property tests are made from these tables; stores refuse every move that is not in them.
 */
export interface StateMachine<S extends string = string, M extends string = string> {
  readonly name: string;
  readonly initial: S;
  readonly states: readonly S[];
  readonly moves: { readonly [state in S]: Partial<Record<M, S>> };
}

export function defineMachine<const S extends string, const M extends string>(
  machine: StateMachine<S, M>,
): StateMachine<S, M> {
  return machine;
}

/** State that `move` leads to. @throws AutotestError `AT_STATE_MOVE` where the table has no such move. */
export function nextState<S extends string, M extends string>(machine: StateMachine<S, M>, from: S, move: M): S {
  const to = machine.moves[from][move];
  if (to !== undefined) return to;
  const possible = Object.keys(machine.moves[from]);
  throw new AutotestError(
    'AT_STATE_MOVE',
    `A ${machine.name} in state ${from} cannot ${move}; ${possible.length > 0 ? `it can ${possible.join(', ')}` : 'the state is final'}.`,
    { details: { machine: machine.name, from, move } },
  );
}

export function canMove<S extends string, M extends string>(machine: StateMachine<S, M>, from: S, move: M): boolean {
  return machine.moves[from][move] !== undefined;
}

export function isTerminal<S extends string, M extends string>(machine: StateMachine<S, M>, state: S): boolean {
  return Object.keys(machine.moves[state]).length === 0;
}
