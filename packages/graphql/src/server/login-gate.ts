import { Kind, OperationTypeNode, parse } from 'graphql';

/** Tokens that a login needs, with room for its fields. */
const maxTokens = 60;

/** Whether a request without a session may go on: one operation that does nothing but `login`. */
export function isLogin(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('query' in body) || typeof body.query !== 'string') return false;
  try {
    const { definitions } = parse(body.query, { maxTokens, noLocation: true });
    const [operation] = definitions;
    if (definitions.length !== 1 || operation?.kind !== Kind.OPERATION_DEFINITION) return false;
    const { selections } = operation.selectionSet;
    const [field] = selections;
    const isOnlyLogin = selections.length === 1 && field?.kind === Kind.FIELD && field.name.value === 'login';
    return operation.operation === OperationTypeNode.MUTATION && isOnlyLogin;
  } catch {
    return false;
  }
}
