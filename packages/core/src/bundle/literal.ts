import type { JsonValue } from '../json/json-value.ts';
import { nullRecord } from '../json/null-record.ts';
import type { SourceProblem } from './errors.ts';
import { type Expression, type Located, type ObjectExpression, peel, placeAt, type Syntax } from './syntax.ts';

/** A value written down in a source file, with the places of its parts. */
export interface Literal {
  readonly value: JsonValue;
  /** Offset of its first character. */
  readonly start: number;
  /** For text without escapes: offset of the first character inside the quotes. */
  readonly textStart?: number;
  /** For objects. */
  readonly members?: ReadonlyMap<string, Member>;
  /** For arrays. */
  readonly items?: readonly Literal[];
}

export interface Member {
  readonly keyStart: number;
  readonly literal: Literal;
}

/** A source file while it is looked at, and what was found wrong with it. */
export interface Inspection {
  readonly syntax: Syntax;
  readonly problems: SourceProblem[];
}

/** Notes a problem at an offset of the source. */
export function report(inspection: Inspection, start: number, message: string, remedy: string): void {
  const { fileName, source } = inspection.syntax;
  inspection.problems.push({ file: fileName, ...placeAt(source, start), message, remedy });
}

/** Where a node begins. */
export function startOf(node: Located): number {
  return node.start ?? 0;
}

const literalRemedy = 'Write the value itself here: it is read without running the file.';

/** Value of a literal expression. Reports what is none, and gives undefined. */
export function readLiteral(inspection: Inspection, expression: Expression): Literal | undefined {
  const node = peel(expression);
  const start = startOf(node);
  switch (node.type) {
    case 'StringLiteral':
      return readText(inspection, node.value, start);
    case 'NumericLiteral':
      return readNumber(inspection, node.value, start);
    case 'BooleanLiteral':
      return { value: node.value, start };
    case 'NullLiteral':
      return { value: null, start };
    case 'UnaryExpression':
      if (node.operator === '-' && node.argument.type === 'NumericLiteral') {
        return readNumber(inspection, -node.argument.value, start);
      }
      break;
    case 'TemplateLiteral':
      if (node.expressions.length === 0) return readText(inspection, node.quasis[0]?.value.cooked ?? '', start);
      break;
    case 'ArrayExpression':
      return readArray(inspection, node.elements, start);
    case 'ObjectExpression':
      return readObject(inspection, node);
    default:
  }
  report(inspection, start, `This must be a literal, not ${describe(node)}.`, literalRemedy);
  return undefined;
}

function readNumber(inspection: Inspection, value: number, start: number): Literal | undefined {
  if (Number.isFinite(value)) return { value: value + 0, start };
  report(inspection, start, 'This number is too large.', 'Write a smaller one.');
  return undefined;
}

function readText({ syntax }: Inspection, value: string, start: number): Literal {
  const isPlain = syntax.source.startsWith(value, start + 1);
  return isPlain ? { value, start, textStart: start + 1 } : { value, start };
}

function readArray(inspection: Inspection, elements: readonly ArrayElement[], start: number): Literal | undefined {
  const items: Literal[] = [];
  for (const element of elements) {
    if (element === null || element.type === 'SpreadElement') {
      const what = element === null ? 'a gap' : 'a spread';
      report(inspection, element === null ? start : startOf(element), `Here is ${what}.`, literalRemedy);
      continue;
    }
    const item = readLiteral(inspection, element);
    if (item !== undefined) items.push(item);
  }
  // A part that is missing was reported; without it the whole would be another value.
  return items.length === elements.length ? { value: items.map((item) => item.value), start, items } : undefined;
}

type ArrayElement = Extract<Expression, { type: 'ArrayExpression' }>['elements'][number];
type Property = ObjectExpression['properties'][number];

function readObject(inspection: Inspection, node: ObjectExpression): Literal | undefined {
  const members = new Map<string, Member>();
  const value = nullRecord<JsonValue>();
  for (const property of node.properties) {
    const key = readKey(inspection, property);
    if (key === undefined) continue;
    const member = readMember(inspection, property);
    if (member === undefined) continue;
    if (members.has(key) || key === '__proto__') {
      const problem = key === '__proto__' ? 'cannot be the name of a property' : 'stands here twice';
      report(inspection, member.keyStart, `'${key}' ${problem}.`, 'Remove it.');
      continue;
    }
    members.set(key, member);
    value[key] = member.literal.value;
  }
  return members.size === node.properties.length ? { value, start: startOf(node), members } : undefined;
}

function readMember(inspection: Inspection, property: Property): Member | undefined {
  const keyStart = startOf(property);
  if (property.type !== 'ObjectProperty') {
    report(inspection, keyStart, 'This must be a literal, not a function.', literalRemedy);
    return undefined;
  }
  if (property.shorthand) {
    report(inspection, keyStart, 'This must be a literal, not a variable.', literalRemedy);
    return undefined;
  }
  const literal = isExpression(property.value) ? readLiteral(inspection, property.value) : undefined;
  return literal && { keyStart, literal };
}

/** Name of a property. Reports computed names and spreads, and gives undefined. */
export function readKey(inspection: Inspection, property: Property): string | undefined {
  if (property.type === 'SpreadElement') {
    report(inspection, startOf(property), 'A spread cannot stand here.', literalRemedy);
    return undefined;
  }
  const { key } = property;
  if (!property.computed) {
    if (key.type === 'Identifier') return key.name;
    if (key.type === 'StringLiteral' || key.type === 'NumericLiteral') return String(key.value);
  }
  report(inspection, startOf(property), 'The name of this property is computed.', 'Write the name itself.');
  return undefined;
}

type PropertyValue = Extract<Property, { type: 'ObjectProperty' }>['value'];

/** Patterns stand there only in destructuring. */
export function isExpression(node: PropertyValue): node is Extract<PropertyValue, Expression> {
  return !['ArrayPattern', 'ObjectPattern', 'RestElement', 'AssignmentPattern', 'VoidPattern'].includes(node.type);
}

function describe(node: Expression): string {
  switch (node.type) {
    case 'Identifier':
      return node.name === 'undefined' ? 'undefined' : `the variable '${node.name}'`;
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return 'a property of something';
    case 'CallExpression':
    case 'OptionalCallExpression':
    case 'NewExpression':
      return 'a call';
    case 'TemplateLiteral':
      return 'a template with expressions';
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return 'a function';
    case 'RegExpLiteral':
      return 'a regular expression';
    case 'BigIntLiteral':
      return 'a bigint';
    default:
      return 'a computed expression';
  }
}
