import {
  OperationTypeNode,
  type ExecutionArgs,
  type FormattedExecutionResult,
  type OperationDefinitionNode,
} from 'graphql';
import type { Context } from 'graphql-ws';
import type { ApiMetrics, LiveCounts, OperationType } from './metrics.ts';
import { operationLabel, resultOf } from './operation.ts';

type Connection = Pick<Context, 'subscriptions'>;

/** Counts what happens on WebSocket connections. */
export class SocketMeter {
  readonly counts: Pick<LiveCounts, 'connections' | 'subscriptions'> = {
    connections: () => this.#connections.size,
    subscriptions: () =>
      [...this.#connections].reduce((sum, { subscriptions }) => sum + Object.keys(subscriptions).length, 0),
  };
  readonly #metrics: ApiMetrics;
  readonly #connections = new Set<Connection>();
  /** By the operation's context. */
  readonly #operations = new WeakMap<object, { type: OperationType; name: string; startedAt: number }>();

  constructor(metrics: ApiMetrics) {
    this.#metrics = metrics;
  }

  opened(connection: Connection): void {
    this.#connections.add(connection);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  started(context: object, operation: OperationDefinitionNode): void {
    const [type, name] = [operation.operation, operationLabel(operation)];
    this.#operations.set(context, { type, name, startedAt: performance.now() });
    // How a subscription goes on is told by its messages.
    if (type === OperationTypeNode.SUBSCRIPTION) this.#metrics.operation(type, name, 'ok', 0);
  }

  refused(errors: FormattedExecutionResult['errors']): void {
    this.#metrics.operation('query', 'invalid', resultOf(errors), 0);
  }

  answered({ contextValue }: ExecutionArgs, { errors }: FormattedExecutionResult): void {
    const operation = this.#operations.get(contextValue as object);
    if (!operation) return;
    const { type, name, startedAt } = operation;
    if (type === 'subscription') this.#metrics.message(name);
    else this.#metrics.operation(type, name, resultOf(errors), performance.now() - startedAt);
  }
}
