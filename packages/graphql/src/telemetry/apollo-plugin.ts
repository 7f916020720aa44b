import type { ApolloServerPlugin } from '@apollo/server';
import { OperationTypeNode } from 'graphql';
import type { ApiContext, Services } from '../context.ts';
import { operationLabel, resultOf } from './operation.ts';

/**
 * Counts what is asked over HTTP. With tracing, a mutation and whatever comes with a `traceparent` have a span; polling queries of pages have none.
 */
export function telemetryPlugin({ metrics, tracing }: Services): ApolloServerPlugin<ApiContext> {
  return {
    async requestDidStart() {
      const startedAt = performance.now();
      return {
        async didResolveOperation({ operation, contextValue }) {
          if (
            !tracing ||
            !operation ||
            (operation.operation !== OperationTypeNode.MUTATION && !contextValue.traceParent)
          )
            return;
          contextValue.span = tracing.start(`${operation.operation} ${operationLabel(operation)}`, {
            parent: contextValue.traceParent,
            attributes: {
              'graphql.operation.type': operation.operation,
              'graphql.operation.name': operation.name?.value,
              'enduser.id': contextValue.principal?.user.login,
            },
          });
        },
        async willSendResponse({ operation, contextValue, response: { body } }) {
          const errors = body.kind === 'single' ? body.singleResult.errors : body.initialResult.errors;
          contextValue.span?.end(errors?.[0]?.message);
          // What has no operation was no GraphQL, or not of this schema.
          const [type, name] = operation
            ? [operation.operation, operationLabel(operation)]
            : (['query', 'invalid'] as const);
          metrics.operation(type, name, resultOf(errors), performance.now() - startedAt);
        },
      };
    },
  };
}
