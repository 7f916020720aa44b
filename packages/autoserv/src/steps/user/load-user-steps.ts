import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseDuration, parseLabelExpression, messageOf, type HostStepDefinition } from '@autotest/core';
import { StepFileInvalidError } from '../../errors.ts';
import type { ExecutionContext } from '../../execution/context.ts';
import type { AddedSteps } from '../repair/repair-host.ts';
import { asHostStep, asRepairRung } from './user-step.ts';

/**
 * The steps of the lab's own directory (`stepsDir` of the settings), in the order of their file names: `*.ts`, `*.mts`, `*.js` or `*.mjs`, each with one step as its default export.
 *
 * @throws StepFileInvalidError for the first file that holds none: a lab must not run for months without a check that it believes in
 */
export async function loadUserSteps({ settings }: Pick<ExecutionContext, 'settings'>): Promise<AddedSteps> {
  const directory = settings.stepsDir;
  if (directory === undefined) return { verify: [], repair: [] };
  const definitions = await Promise.all(filesOf(directory).map((file) => loadDefinition(join(directory, file))));
  return {
    verify: definitions.filter(({ phase }) => phase === 'verify').map(asHostStep),
    repair: definitions.filter(({ phase }) => phase === 'repair').map(asRepairRung),
  };
}

function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^[^.].*\.m?[jt]s$/.test(name) && !name.endsWith('.d.ts'))
      .toSorted();
  } catch (error) {
    throw new StepFileInvalidError(directory, messageOf(error), error);
  }
}

async function loadDefinition(file: string): Promise<HostStepDefinition> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    throw new StepFileInvalidError(file, messageOf(error), error);
  }
  const problem = problemOf(module.default);
  if (problem !== undefined) throw new StepFileInvalidError(file, problem);
  return module.default as HostStepDefinition;
}

const reaches = new Set<unknown>([undefined, 'filesystem', 'software', 'machine']);

function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'its default export is no step';
  const step = value as Partial<Record<keyof HostStepDefinition, unknown>>;
  if (step.phase !== 'verify' && step.phase !== 'repair') return "`phase` is neither 'verify' nor 'repair'";
  if (typeof step.name !== 'string' || !/^[\w][\w .-]{0,79}$/.test(step.name))
    return '`name` is no text of letters, digits, blanks, dots and hyphens';
  if (typeof step.run !== 'function') return '`run` is no function';
  if (!reaches.has(step.reach)) return "`reach` is none of 'filesystem', 'software', 'machine'";
  if (step.after !== undefined && !(Array.isArray(step.after) && step.after.every((name) => typeof name === 'string')))
    return '`after` is no list of names';
  try {
    if (step.needs !== undefined) parseLabelExpression(step.needs as string);
    if (step.timeout !== undefined) parseDuration(step.timeout as string);
  } catch (error) {
    return messageOf(error);
  }
  return undefined;
}
