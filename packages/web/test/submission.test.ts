import { describe, expect, test } from 'vitest';
import { inputOf, placeOf, type Place, type Refusal, type Submission } from '../src/pages/submit/submission.ts';

const submission: Submission = {
  source: 'text',
  name: '  ',
  params: { a: 1 },
  hosts: { kind: 'any', count: 2, needs: ' arch:arm64 ' },
  priority: 'high',
  requestId: 'r1',
};

describe('a submission', () => {
  test('asks for any hosts by number and labels', () => {
    expect(inputOf(submission)).toEqual({
      source: 'text',
      fileName: 'control.ts',
      params: { a: 1 },
      priority: 'high',
      requestId: 'r1',
      anyHosts: 2,
      needs: 'arch:arm64',
    });
  });

  test('asks for named hosts, or for none, and for nothing else then', () => {
    expect(inputOf({ ...submission, hosts: { kind: 'named', hosts: ['a', 'b'] } })).toMatchObject({
      hosts: ['a', 'b'],
    });
    expect(inputOf({ ...submission, hosts: { kind: 'named', hosts: ['a'] } })).not.toHaveProperty('anyHosts');
    expect(inputOf({ ...submission, hosts: { kind: 'none' } })).toMatchObject({ anyHosts: 0 });
  });

  const said = { code: 'AT_X', message: 'why', path: null };
  const refusals: [Refusal, Place][] = [
    [{ ...said, __typename: 'ControlInvalid', problems: [] }, 'source'],
    [{ ...said, __typename: 'ParamsInvalid', paramProblems: [] }, 'params'],
    [{ ...said, __typename: 'HostsUnavailable', nearest: [] }, 'hosts'],
    [{ ...said, __typename: 'InputInvalid', path: ['input', 'needs'] }, 'hosts'],
    [{ ...said, __typename: 'InputInvalid', path: ['name'] }, 'name'],
    [{ ...said, __typename: 'InputInvalid' }, 'form'],
  ];
  test.each(refusals)('that is refused shows it at its place (%j)', (refusal, place) => {
    expect(placeOf(refusal)).toBe(place);
  });
});
