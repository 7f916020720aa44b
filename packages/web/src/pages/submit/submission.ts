import type { Priority, SubmitJobInput, SubmitJobMutation } from '../../generated/graphql.ts';

/** Which hosts a submission asks for. */
export type HostChoice =
  | { readonly kind: 'any'; readonly count: number; readonly needs: string }
  | { readonly kind: 'named'; readonly hosts: readonly string[] }
  | { readonly kind: 'none' };

export interface Submission {
  readonly source: string;
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly hosts: HostChoice;
  readonly priority: Priority;
  /** The same for each try of one submission, so that a try whose answer was lost makes no second job. */
  readonly requestId: string;
}

/** The mutation's input of a filled form. */
export function inputOf(submission: Submission): SubmitJobInput {
  return {
    source: submission.source,
    fileName: 'control.ts',
    params: submission.params,
    priority: submission.priority,
    requestId: submission.requestId,
    ...(submission.name.trim() === '' ? {} : { name: submission.name.trim() }),
    ...hostsInput(submission.hosts),
  };
}

function hostsInput(choice: HostChoice): Pick<SubmitJobInput, 'hosts' | 'anyHosts' | 'needs'> {
  if (choice.kind === 'none') return { anyHosts: 0 };
  if (choice.kind === 'named') return { hosts: [...choice.hosts] };
  return { anyHosts: choice.count, ...(choice.needs.trim() === '' ? {} : { needs: choice.needs.trim() }) };
}

export type Refusal = Exclude<SubmitJobMutation['submitJob'], { __typename: 'SubmitJobSuccess' }>;
export type Place = 'source' | 'params' | 'hosts' | 'name' | 'form';

/** Next to which part of the form a refusal is shown. */
export function placeOf(refusal: Refusal): Place {
  switch (refusal.__typename) {
    case 'ControlInvalid':
      return 'source';
    case 'ParamsInvalid':
      return 'params';
    case 'HostsUnavailable':
      return 'hosts';
    default:
      return placeOfPath(refusal.path?.find((part) => part !== 'input'));
  }
}

function placeOfPath(field: string | undefined): Place {
  switch (field) {
    case 'source':
    case 'fileName':
    case 'bundle':
      return 'source';
    case 'hosts':
    case 'anyHosts':
    case 'needs':
      return 'hosts';
    case 'params':
      return 'params';
    case 'name':
      return 'name';
    default:
      return 'form';
  }
}
