import type { ControlMetadata, ParamSpec } from '@autotest/core';

/** One parameter of a control file as a form field; `text` is what was typed. */
export interface ParamField {
  readonly name: string;
  readonly spec: ParamSpec;
  readonly isRequired: boolean;
  readonly placeholder: string;
}

/** The metadata, of which name and kind are checked, because it comes over the network; undefined of a control file that could not be read. */
export function readMetadata(value: unknown): ControlMetadata | undefined {
  return isMetadata(value) ? value : undefined;
}

function isMetadata(value: unknown): value is ControlMetadata {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('type' in value)) return false;
  return typeof value.name === 'string' && (value.type === 'client' || value.type === 'server');
}

/** Fields of a control file's parameters in the order in which they are declared. */
export function paramFields(metadata: ControlMetadata | undefined): ParamField[] {
  return Object.entries(metadata?.params ?? {}).map(([name, spec]) => ({
    name,
    spec,
    isRequired: spec.default === undefined,
    placeholder: spec.default === undefined ? 'required' : textOfValue(spec.default),
  }));
}

function textOfValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export type ParamProblems = Readonly<Record<string, string>>;

/** Arguments of what was typed. Empty fields are left to their defaults; the server checks everything again. */
export function readParams(
  fields: readonly ParamField[],
  typed: Readonly<Record<string, string>>,
): { params: Record<string, unknown>; problems: ParamProblems } {
  const params: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const { name, spec, isRequired } of fields) {
    const text = typed[name] ?? '';
    if (text.trim() === '' && spec.type !== 'string') {
      if (isRequired) problems[name] = 'A value is needed.';
      continue;
    }
    if (text === '') {
      if (isRequired) problems[name] = 'A value is needed.';
      continue;
    }
    const read = readValue(spec, text);
    if ('problem' in read) problems[name] = read.problem;
    else params[name] = read.value;
  }
  return { params, problems };
}

type ReadValue = { readonly value: unknown } | { readonly problem: string };

function readValue(spec: ParamSpec, text: string): ReadValue {
  switch (spec.type) {
    case 'number':
      return readNumber(spec, text);
    case 'boolean':
      return { value: text === 'true' };
    case 'list':
      return readList(spec, text);
    default:
      return { value: text };
  }
}

function readNumber(spec: ParamSpec, text: string): ReadValue {
  const value = Number(text);
  if (!Number.isFinite(value)) return { problem: 'That is not a number.' };
  if (spec.min !== undefined && value < spec.min) return { problem: `At least ${spec.min}.` };
  if (spec.max !== undefined && value > spec.max) return { problem: `At most ${spec.max}.` };
  return { value };
}

function readList(spec: ParamSpec, text: string): ReadValue {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (spec.items !== 'number') return { value: items };
  const numbers = items.map(Number);
  return numbers.every(Number.isFinite) ? { value: numbers } : { problem: 'Numbers are needed, with commas between.' };
}
