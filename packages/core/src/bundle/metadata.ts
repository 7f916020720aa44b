import { suggestName } from '../control/nearest-name.ts';
import type { ControlMetadata, TestMetadata } from '../control/metadata.ts';
import type { JsonValue } from '../json/json-value.ts';
import { type DefinitionKind, findDefinition } from './definition.ts';
import { ControlFileError, type SourceProblem } from './errors.ts';
import { controlRules, type ObjectRules, testRules } from './field-rules.ts';
import { type Inspection, isExpression, readKey, readLiteral, report, startOf } from './literal.ts';
import { type ObjectExpression, parseSyntax, type Syntax } from './syntax.ts';

type Property = ObjectExpression['properties'][number];
type Fields = Record<string, JsonValue>;

/**
 * What a control file says about itself, read from its text; nothing of it is run.
 *
 * @throws ControlFileError (`AT_CONTROL_INVALID`) with every problem found.
 */
export function readControlMetadata(source: string, fileName: string): ControlMetadata {
  return controlMetadataOf(parseSyntax(source, fileName));
}

/**
 * What a test module says about itself, read from its text; nothing of it is run.
 *
 * @throws ControlFileError (`AT_CONTROL_INVALID`) with every problem found.
 */
export function readTestMetadata(source: string, fileName: string): TestMetadata {
  return testMetadataOf(parseSyntax(source, fileName));
}

/** As {@link readControlMetadata}, from a syntax tree. */
export function controlMetadataOf(syntax: Syntax): ControlMetadata {
  const { fields, problems } = readFields(syntax, 'control', controlRules);
  // How the runtime behaves is its own business: it reads this from the running file.
  delete fields.onUnexpectedReboot;
  if (problems.length > 0 || !isControl(fields)) throw new ControlFileError(problems);
  return fields;
}

/** As {@link readTestMetadata}, from a syntax tree. */
export function testMetadataOf(syntax: Syntax): TestMetadata {
  const { fields, problems } = readFields(syntax, 'test', testRules);
  if (problems.length > 0 || !isTest(fields)) throw new ControlFileError(problems);
  return fields;
}

// Fields without problems fulfil the rules, and the rules say what the types say.
function isControl(fields: Fields): fields is Fields & ControlMetadata {
  return 'type' in fields;
}

function isTest(fields: Fields): fields is Fields & TestMetadata {
  return 'name' in fields;
}

function readFields(
  syntax: Syntax,
  kind: DefinitionKind,
  rules: ObjectRules,
): { fields: Fields; problems: SourceProblem[] } {
  const inspection: Inspection = { syntax, problems: [] };
  const definition = findDefinition(inspection, kind);
  const fields: Fields = {};
  if (definition === undefined) return { fields, problems: inspection.problems };
  const seen = new Set<string>();
  for (const property of definition.properties) {
    const name = readKey(inspection, property);
    if (name === undefined) continue;
    if (seen.has(name)) report(inspection, startOf(property), `'${name}' stands here twice.`, 'Remove one.');
    seen.add(name);
    readField(inspection, rules, name, property, fields);
  }
  reportMissing(inspection, rules, seen, startOf(definition));
  return { fields, problems: inspection.problems };
}

function readField(inspection: Inspection, rules: ObjectRules, name: string, property: Property, fields: Fields): void {
  const rule = Object.hasOwn(rules.fields, name) ? rules.fields[name] : undefined;
  const start = startOf(property);
  if (rules.functions.includes(name)) return;
  if (rule === undefined) {
    const known = [...Object.keys(rules.fields), ...rules.functions];
    report(inspection, start, `There is no field '${name.slice(0, 64)}'.`, suggestName(name, known));
    return;
  }
  if (property.type !== 'ObjectProperty' || property.shorthand || !isExpression(property.value)) {
    const what = property.type === 'ObjectProperty' ? 'variable' : 'function';
    const remedy = 'Write the value itself here: it is read without running the file.';
    report(inspection, start, `'${name}' must be a literal, not a ${what}.`, remedy);
    return;
  }
  const literal = readLiteral(inspection, property.value);
  if (literal === undefined) return;
  rule(inspection, name, literal);
  fields[name] = literal.value;
}

function reportMissing(inspection: Inspection, rules: ObjectRules, seen: ReadonlySet<string>, start: number): void {
  for (const name of rules.required) {
    if (!seen.has(name)) report(inspection, start, `The field '${name}' is missing.`, `Add ${name}: '…'.`);
  }
  for (const name of rules.requiredFunctions) {
    if (!seen.has(name)) report(inspection, start, `The function '${name}' is missing.`, `Add async ${name}(…) { … }.`);
  }
}
