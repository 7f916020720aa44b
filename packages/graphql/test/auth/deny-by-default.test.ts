import { silentLog } from '@autotest/core';
import { createMetrics } from '@autotest/core/telemetry';
import { makeTestDatabase } from '@autotest/core/testing';
import {
  execute,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  parse,
  subscribe,
  type GraphQLArgument,
  type GraphQLField,
  OperationTypeNode,
} from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Authenticator } from '../../src/auth/authenticator.ts';
import type { ApiContext } from '../../src/context.ts';
import { ResultsSources } from '../../src/files/results-sources.ts';
import { EventFeed } from '../../src/events/event-feed.ts';
import { createLoaders } from '../../src/loaders.ts';
import { buildApiSchema } from '../../src/schema/build-schema.ts';
import { createApiMetrics } from '../../src/telemetry/metrics.ts';

const schema = buildApiSchema();
const values: Readonly<Record<string, string>> = {
  ID: '"1"',
  String: '"x"',
  Int: '1',
  BigInt: '1',
  Duration: '1000',
  Boolean: 'true',
  DateTime: '"2030-01-01T00:00:00Z"',
};

const fields = Object.values(OperationTypeNode).flatMap((operation) =>
  Object.values(schema.getRootType(operation)?.getFields() ?? {}).map((field) => ({
    operation,
    name: field.name,
    field,
  })),
);

function documentFor(operation: string, field: GraphQLField<unknown, unknown>): string {
  const needed = field.args.filter((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined);
  const args = needed.length === 0 ? '' : `(${needed.map((arg) => `${arg.name}: ${valueFor(arg)}`).join(', ')})`;
  const type = getNamedType(field.type);
  const selection = isLeafType(type) ? '' : '{ __typename }';
  return `${operation} { ${field.name}${args} ${selection} }`;
}

function valueFor({ type }: Pick<GraphQLArgument, 'type'>): string {
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]?.name ?? '';
  if (!isInputObjectType(named)) return values[named.name] ?? '"x"';
  const needed = Object.values(named.getFields()).filter((field) => isNonNullType(field.type));
  return `{ ${needed.map((field) => `${field.name}: ${valueFor(field)}`).join(', ')} }`;
}

async function contextOfNobody(): Promise<ApiContext> {
  const database = await makeTestDatabase();
  const feed = new EventFeed(database, { log: silentLog });
  onTestFinished(async () => {
    await feed.close();
    await database.close();
  });
  return {
    services: {
      database,
      feed,
      results: new ResultsSources(database, '/nowhere'),
      authenticator: new Authenticator(database),
      log: silentLog,
      metrics: createApiMetrics(createMetrics()),
      tracing: undefined,
      version: '0',
      publicUrl: () => '',
      closing: new AbortController().signal,
    },
    principal: undefined,
    loaders: createLoaders(database),
  };
}

describe('without anybody who asks', () => {
  test.for(fields)('$operation $name is refused by its resolver as well', async ({ operation, name, field }) => {
    const document = parse(documentFor(operation, field));
    const args = { schema, document, contextValue: await contextOfNobody() };
    const result = await (operation === OperationTypeNode.SUBSCRIPTION ? subscribe(args) : execute(args));
    if (!('errors' in result)) throw new Error('It began.');
    const { data, errors } = result;
    expect(data?.[name] ?? null).toBeNull();
    expect(errors?.map(({ originalError }) => originalError)).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
  });
});
