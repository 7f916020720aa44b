import { type Inspection, report, startOf } from './literal.ts';
import { type CallExpression, type Expression, type ObjectExpression, peel, type Statement } from './syntax.ts';

export type DefinitionKind = 'control' | 'test';

const definers = { control: 'defineControl', test: 'defineTest' } as const;
const nouns = { control: 'control file', test: 'test' } as const;

/** What a module's default export is, if it is a call of `defineControl` or `defineTest`. */
export function kindOfDefinition(statements: readonly Statement[]): DefinitionKind | undefined {
  const expression = findDefaultExport(statements)?.expression;
  if (expression?.type !== 'CallExpression') return undefined;
  const name = definerOf(expression, importsOf(statements))?.name;
  if (name === definers.control) return 'control';
  return name === definers.test ? 'test' : undefined;
}

/** The object in `export default defineControl({...})` or `export default defineTest({...})`. Reports what is wrong. */
export function findDefinition(inspection: Inspection, kind: DefinitionKind): ObjectExpression | undefined {
  const { statements } = inspection.syntax;
  const definer = definers[kind];
  const remedy = `Write: export default ${definer}({ … }).`;
  const found = findDefaultExport(statements);
  if (found === undefined) {
    report(inspection, 0, `This file has no default export, so it is no ${nouns[kind]}.`, remedy);
    return undefined;
  }
  const { expression, start } = found;
  const definition = expression?.type === 'CallExpression' ? definerOf(expression, importsOf(statements)) : undefined;
  if (expression?.type !== 'CallExpression' || definition === undefined) {
    report(inspection, start, `The default export is not a call of ${definer}.`, remedy);
    return undefined;
  }
  if (definition.name !== definer) {
    report(inspection, start, `This is a call of ${definition.name}, but a ${nouns[kind]} is wanted here.`, remedy);
    return undefined;
  }
  if (!definition.imported) {
    const line = `import { ${definer} } from '@autotest/core';`;
    report(inspection, startOf(expression.callee), `${definer} is not imported.`, `Add: ${line}`);
  }
  return definitionObject(inspection, expression, definer);
}

function definitionObject(inspection: Inspection, call: CallExpression, definer: string): ObjectExpression | undefined {
  const [argument] = call.arguments;
  const isPlain =
    argument !== undefined && argument.type !== 'SpreadElement' && argument.type !== 'ArgumentPlaceholder';
  const object = isPlain ? peel(argument) : undefined;
  if (object?.type === 'ObjectExpression') return object;
  const remedy = 'Write the object itself as the argument.';
  report(inspection, startOf(argument ?? call), `The argument of ${definer} is not an object literal.`, remedy);
  return undefined;
}

function findDefaultExport(
  statements: readonly Statement[],
): { start: number; expression: Expression | undefined } | undefined {
  for (const statement of statements) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const { declaration } = statement;
      const expression = isDeclaration(declaration) ? undefined : peel(declaration);
      return { start: startOf(declaration), expression: expression && follow(expression, statements) };
    }
  }
  return undefined;
}

type Exported = Extract<Statement, { type: 'ExportDefaultDeclaration' }>['declaration'];

function isDeclaration(node: Exported): node is Exclude<Exported, Expression> {
  return node.type === 'TSDeclareFunction' || node.type.endsWith('Declaration');
}

/** `const control = defineControl({...}); export default control;` means the same. */
function follow(expression: Expression, statements: readonly Statement[]): Expression {
  if (expression.type !== 'Identifier') return expression;
  for (const statement of statements) {
    if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const') continue;
    for (const { id, init } of statement.declarations) {
      if (id.type === 'Identifier' && id.name === expression.name && init) return peel(init);
    }
  }
  return expression;
}

/** Local names of what is imported from `@autotest/core`: `*` for the whole namespace. */
function importsOf(statements: readonly Statement[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const statement of statements) {
    if (statement.type !== 'ImportDeclaration' || statement.source.value !== '@autotest/core') continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type === 'ImportNamespaceSpecifier') names.set(specifier.local.name, '*');
      if (specifier.type !== 'ImportSpecifier') continue;
      const { imported } = specifier;
      names.set(specifier.local.name, imported.type === 'Identifier' ? imported.name : imported.value);
    }
  }
  return names;
}

function definerOf(
  { callee }: CallExpression,
  imports: ReadonlyMap<string, string>,
): { name: string; imported: boolean } | undefined {
  if (callee.type === 'Identifier') {
    const name = imports.get(callee.name);
    return { name: name ?? callee.name, imported: name !== undefined };
  }
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  const { object, property } = callee;
  if (object.type !== 'Identifier' || property.type !== 'Identifier') return undefined;
  return imports.get(object.name) === '*' ? { name: property.name, imported: true } : undefined;
}
