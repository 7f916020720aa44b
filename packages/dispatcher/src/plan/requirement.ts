import {
  compileLabels,
  explainLabels,
  formatLabelExpression,
  messageOf,
  parseLabelExpression,
  type LabelExpression,
  type LabelPredicate,
} from '@autotest/core';
import type { JobRow } from '@autotest/core/db';

/** What a job asks of each of its hosts: its control file's label expression and the submission's, together. */
export interface Requirement {
  /** The same for all jobs that ask the same. */
  readonly key: string;
  /** As text; empty where any host will do. */
  readonly text: string;
  readonly holds: LabelPredicate;
  /** Labels that every host must carry for which it holds: where to begin to look. */
  readonly anchors: readonly string[];
  /** Labels that it asks for somewhere: `onlyIfNeeded` ones among them do not keep a host out. */
  readonly asked: ReadonlySet<string>;
  /** Why the expression can never hold: it cannot be read. */
  readonly problem?: string;
  /** Conditions that keep a host out. */
  readonly unmet: (labels: readonly string[]) => readonly string[];
}

/** Reads each expression once, however many entries ask for it. */
export class Requirements {
  readonly #byKey = new Map<string, Requirement>();

  of(job: JobRow): Requirement {
    const key = `${job.metadata.needs ?? ''}\n${job.needs ?? ''}`;
    const known = this.#byKey.get(key);
    if (known) return known;
    const requirement = compile(key, [job.metadata.needs, job.needs]);
    this.#byKey.set(key, requirement);
    return requirement;
  }
}

const nothingAsked = { anchors: [], asked: new Set<string>() } as const;

function compile(key: string, texts: readonly (string | undefined)[]): Requirement {
  const asked = texts.flatMap((text) => (text === undefined || text.trim() === '' ? [] : text));
  try {
    const parsed = asked.map(parseLabelExpression);
    const [first] = parsed;
    if (first === undefined) return { key, text: '', holds: () => true, unmet: () => [], ...nothingAsked };
    const expression: LabelExpression =
      parsed.length === 1
        ? first
        : { kind: 'and', operands: parsed.flatMap((one) => (one.kind === 'and' ? one.operands : [one])) };
    return {
      key,
      text: formatLabelExpression(expression),
      holds: compileLabels(expression),
      anchors: anchorsOf(expression),
      asked: new Set(askedBy(expression)),
      unmet: (labels) => explainLabels(expression, labels),
    };
  } catch (error) {
    const problem = messageOf(error);
    return { key, text: asked.join(' & '), holds: () => false, problem, unmet: () => asked, ...nothingAsked };
  }
}

function anchorsOf(expression: LabelExpression): string[] {
  if (expression.kind === 'and') return expression.operands.flatMap(anchorsOf);
  return expression.kind === 'name' || expression.kind === 'value' ? [labelOf(expression)] : [];
}

function askedBy(expression: LabelExpression): string[] {
  if (expression.kind === 'and' || expression.kind === 'or') return expression.operands.flatMap(askedBy);
  return expression.kind === 'name' || expression.kind === 'value' ? [labelOf(expression)] : [];
}

function labelOf(condition: Extract<LabelExpression, { kind: 'name' | 'value' }>): string {
  return condition.kind === 'name' ? condition.name : `${condition.key}:${condition.value}`;
}
