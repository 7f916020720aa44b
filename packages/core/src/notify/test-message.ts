import type { TestMessage } from './message.ts';

/** What is sent when somebody tries a rule out. */
export function testMessage(rule: { id: number; owner: string }, by: string, now: number): TestMessage {
  const { id, owner } = rule;
  return { version: 1, type: 'test', timestamp: new Date(now).toISOString(), data: { rule: { id, owner }, by } };
}
