import { expect, it } from 'vitest';
import { useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeSecrets(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('makes a secret once, whoever asks first', async () => {
    const { secrets } = opened.db;
    const all = await Promise.all(Array.from({ length: 8 }, () => secrets.get('results')));
    expect(new Set(all).size).toBe(1);
    expect(all[0]).toMatch(/^[\w-]{43}$/);
    expect(await secrets.get('results')).toBe(all[0]);
    expect(await secrets.get('other')).not.toBe(all[0]);
  });
}
