import type { DefinitionKind } from './definition.ts';
import type { Syntax } from './syntax.ts';

/** A call such as `job.runTest('./tests/scratch.ts')`, which makes that file part of the bundle. */
export interface ModuleReference {
  readonly path: string;
  /** What the file must be. */
  readonly kind: DefinitionKind;
  /** Name of the called function. */
  readonly caller: string;
  /** Offset of the path in the source. */
  readonly start: number;
}

const kindByCaller = new Map<string, DefinitionKind>([
  ['runTest', 'test'],
  ['runClientControl', 'control'],
  ['runControl', 'control'],
]);

interface AnyNode {
  readonly type: string;
  readonly start?: unknown;
  readonly [key: string]: unknown;
}

/** All calls in a file that name a module by a literal relative path, in the order of the source. */
export function findModuleReferences(syntax: Syntax): ModuleReference[] {
  const references: ModuleReference[] = [];
  const waiting: unknown[] = [...syntax.statements];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!isNode(node)) continue;
    const reference = asReference(node);
    if (reference !== undefined) references.push(reference);
    for (const part of Object.values(node)) {
      if (Array.isArray(part)) waiting.push(...part.filter(isNode));
      else if (isNode(part)) waiting.push(part);
    }
  }
  return references.sort((a, b) => a.start - b.start);
}

function asReference(node: AnyNode): ModuleReference | undefined {
  if (node.type !== 'CallExpression' && node.type !== 'OptionalCallExpression') return undefined;
  const caller = nameOfCallee(node.callee);
  const kind = kindByCaller.get(caller);
  const argument: unknown = Array.isArray(node.arguments) ? node.arguments[0] : undefined;
  if (kind === undefined || !isNode(argument)) return undefined;
  const path = textOf(argument);
  if (path === undefined || !/^\.\.?\//.test(path)) return undefined;
  return { path, kind, caller, start: typeof argument.start === 'number' ? argument.start : 0 };
}

function nameOfCallee(callee: unknown): string {
  if (!isNode(callee)) return '';
  if (callee.type === 'Identifier') return String(callee.name);
  const isMember = callee.type === 'MemberExpression' || callee.type === 'OptionalMemberExpression';
  return isMember && callee.computed !== true && isNode(callee.property) ? nameOfCallee(callee.property) : '';
}

function textOf(node: AnyNode): string | undefined {
  if (node.type === 'StringLiteral' && typeof node.value === 'string') return node.value;
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis) || node.quasis.length !== 1) return undefined;
  const [quasi]: unknown[] = node.quasis;
  const value = isNode(quasi) ? quasi.value : undefined;
  if (typeof value !== 'object' || value === null || !('cooked' in value)) return undefined;
  return typeof value.cooked === 'string' ? value.cooked : undefined;
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
