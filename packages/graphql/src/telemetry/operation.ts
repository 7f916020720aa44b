import { Kind, type FormattedExecutionResult, type OperationDefinitionNode } from 'graphql';
import type { OperationResult } from './metrics.ts';

/** Name of an operation that somebody else wrote, made of the schema's words: its field, where it has one only. */
export function operationLabel({ selectionSet }: OperationDefinitionNode): string {
  const [only, ...others] = selectionSet.selections;
  return others.length === 0 && only?.kind === Kind.FIELD ? only.name.value : 'several';
}

/** @param errors as the client sees them */
export function resultOf(errors: FormattedExecutionResult['errors']): OperationResult {
  if (!errors?.length) return 'ok';
  return errors.some(({ extensions }) => extensions?.code === 'INTERNAL_SERVER_ERROR') ? 'failed' : 'refused';
}
