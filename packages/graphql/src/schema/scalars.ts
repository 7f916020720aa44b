import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { isJsonValue, type JsonValue } from '@autotest/core';

/** ms since the epoch inside, ISO-8601 outside. */
export const DateTimeScalar = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  description: 'An ISO-8601 instant in UTC.',
  serialize: (value) => new Date(wholeNumber('DateTime', value)).toISOString(),
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : undefined),
});

/** ms inside and outside. */
export const DurationScalar = new GraphQLScalarType<number, number>({
  name: 'Duration',
  description: 'Whole milliseconds.',
  serialize: (value) => wholeNumber('Duration', value),
  parseValue: (value) => wholeNumber('Duration', value),
  parseLiteral: (node) => wholeNumber('Duration', literalNumber(node)),
});

export const BigIntScalar = new GraphQLScalarType<number, number>({
  name: 'BigInt',
  description: 'Bytes; may be larger than 2^31.',
  serialize: (value) => wholeNumber('BigInt', value),
  parseValue: (value) => wholeNumber('BigInt', value),
  parseLiteral: (node) => wholeNumber('BigInt', literalNumber(node)),
});

export const JsonScalar = new GraphQLScalarType<JsonValue, unknown>({
  name: 'JSON',
  description: 'Free JSON.',
  serialize: (value) => value,
  parseValue: parseJson,
  parseLiteral: (node, variables) => parseJson(literalValue(node, variables ?? {}, 0)),
});

function parseInstant(value: unknown): number {
  const ms = typeof value === 'string' && value.length <= 40 ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new GraphQLError('DateTime must be an ISO-8601 instant such as 2030-01-31T12:00:00Z.');
  return ms;
}

function wholeNumber(type: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new GraphQLError(`${type} must be a whole number that is not negative.`);
}

function literalNumber(node: ValueNode): number | undefined {
  return node.kind === Kind.INT ? Number(node.value) : undefined;
}

function parseJson(value: unknown): JsonValue {
  if (isJsonValue(value)) return value;
  throw new GraphQLError('JSON must be null, true, false, a number, a text, a list or an object.');
}

const maxLiteralDepth = 50;

function literalValue(node: ValueNode, variables: Readonly<Record<string, unknown>>, depth: number): unknown {
  if (depth > maxLiteralDepth) throw new GraphQLError(`JSON must not be deeper than ${maxLiteralDepth} levels.`);
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.VARIABLE:
      return variables[node.name.value];
    case Kind.LIST:
      return node.values.map((item) => literalValue(item, variables, depth + 1));
    case Kind.OBJECT:
      break;
  }
  // fromEntries makes `__proto__` a plain property.
  return Object.fromEntries(
    node.fields.map((field) => [field.name.value, literalValue(field.value, variables, depth + 1)]),
  );
}
