import { describe, expect, test } from 'vitest';
import { filtersOfQuery, matchesFilters, queryOfFilters } from '../src/pages/jobs/job-filters.ts';
import { jobLine } from './support/jobs.ts';

describe('filters of the job list', () => {
  test('survive the way through the URL', () => {
    const filters = { owner: 'ana', state: 'finished', outcome: 'timedOut', nameContains: 'disk & <b>' } as const;
    expect(filtersOfQuery(queryOfFilters(filters))).toEqual(filters);
    const search = new URLSearchParams(queryOfFilters(filters)).toString();
    expect(filtersOfQuery(Object.fromEntries(new URLSearchParams(search)))).toEqual(filters);
  });

  test('leave out what a URL says that they do not know', () => {
    expect(filtersOfQuery({ state: 'exploded', outcome: ['passed'], owner: '  ', other: '1' })).toEqual({});
  });

  test('decide about jobs that come live as the server does', () => {
    const job = jobLine('7', { name: 'Disk smoke', owner: 'ana', state: 'running' });
    expect(matchesFilters(job, { nameContains: 'SMOKE' })).toBe(true);
    expect(matchesFilters(job, { owner: 'an' })).toBe(false);
    expect(matchesFilters(job, { state: 'finished' })).toBe(false);
    expect(matchesFilters(job, { outcome: 'passed' })).toBe(false);
    expect(matchesFilters(job, {})).toBe(true);
  });
});
