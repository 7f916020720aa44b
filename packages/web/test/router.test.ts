import { describe, expect, test } from 'vitest';
import { pathOfHash, safeNext } from '../src/router.ts';

describe('ways into the application', () => {
  test('a login link carries its token behind the hash, where no server sees it', () => {
    expect(pathOfHash('#/login?token=abc')).toBe('/login?token=abc');
    expect(pathOfHash('#section')).toBeUndefined();
  });

  test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'jobs', undefined, ['/jobs']])(
    'signing in never leads to %j',
    (next) => {
      expect(safeNext(next)).toBe('/jobs');
    },
  );

  test('signing in leads back to where one was', () => {
    expect(safeNext('/jobs/7?tab=files')).toBe('/jobs/7?tab=files');
  });
});
