import { getOperationAST, type DocumentNode, type GraphQLSchema } from 'graphql';
import { QueryLimitError } from '../errors.ts';
import { weigh } from './walk.ts';

/** What one operation may ask for. */
export const limits = {
  /** Of the text. */
  maxTokens: 5000,
  maxDepth: 12,
  maxAliases: 50,
  maxCost: 50_000,
} as const;

/**
 * Refuses an operation that asks for too much, before any of it runs.
 *
 * @throws QueryLimitError
 */
export function checkLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): void {
  const operation = getOperationAST(document, operationName);
  // An operation that is not there is reported when it should run.
  if (!operation) return;
  const { cost, depth, aliases } = weigh(schema, document, operation, variables);
  if (depth > limits.maxDepth) {
    throw new QueryLimitError('is nested too deeply', depth, limits.maxDepth, 'Ask in several steps.');
  }
  if (aliases > limits.maxAliases) {
    throw new QueryLimitError('has too many aliases', aliases, limits.maxAliases, 'Ask in several requests.');
  }
  if (cost > limits.maxCost) {
    const remedy = 'Ask for fewer items (`first`) or fewer fields.';
    throw new QueryLimitError('asks for too many fields', cost, limits.maxCost, remedy);
  }
}
