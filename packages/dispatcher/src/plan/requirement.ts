import {
  compileLabels,
  explainLabels,
  formatLabelExpression,
  messageOf,
  parseLabelExpression,
  prepareLabels,
  type LabelExpression,
  type LabelPredicate,
  type LabelSet,
} from '@autotest/core';
import type { HostRow, JobRow } from '@autotest/core/db';

/** What a job asks of each of its hosts: its control file's label expression and the submission's, together. */
export interface Requirement {
  /** The same for all jobs that ask the same. */
  readonly key: string;
  /** As text; empty where any host will do. */
  readonly text: string;
  readonly holds: LabelPredicate;
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

function compile(key: string, texts: readonly (string | undefined)[]): Requirement {
  const asked = texts.flatMap((text) => (text === undefined || text.trim() === '' ? [] : text));
  try {
    const parsed = asked.map(parseLabelExpression);
    const [first] = parsed;
    if (first === undefined) return { key, text: '', holds: () => true, unmet: () => [] };
    const expression: LabelExpression =
      parsed.length === 1
        ? first
        : { kind: 'and', operands: parsed.flatMap((one) => (one.kind === 'and' ? one.operands : [one])) };
    return {
      key,
      text: formatLabelExpression(expression),
      holds: compileLabels(expression),
      unmet: (labels) => explainLabels(expression, labels),
    };
  } catch (error) {
    return { key, text: asked.join(' & '), holds: () => false, problem: messageOf(error), unmet: () => asked };
  }
}

/** Hosts with the same labels: an expression is asked once of all of them. */
export interface LabelClass {
  readonly labels: LabelSet;
  /** In the order given. */
  readonly hosts: Set<HostRow>;
}

/** Hosts by their set of labels; the least labelled first, so that special hosts are taken last. */
export function groupByLabels(hosts: readonly HostRow[]): LabelClass[] {
  const classes = new Map<string, LabelClass>();
  for (const host of hosts) {
    const key = [...host.labels].sort().join('\n');
    const known = classes.get(key);
    if (known) known.hosts.add(host);
    else classes.set(key, { labels: prepareLabels(host.labels), hosts: new Set([host]) });
  }
  return [...classes.values()].sort((a, b) => a.labels.labels.size - b.labels.labels.size);
}
