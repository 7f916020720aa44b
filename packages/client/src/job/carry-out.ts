import { nodePath } from '@autotest/core';
import { verdictOf, type LeafEnd, type LeafPlace } from '@autotest/core/runtime';
import type { ClientSession } from '../session/client-session.ts';

/** Carries out a test or command; the session knows meanwhile that it runs. What it throws is its verdict. */
export async function carryOut(
  session: ClientSession,
  place: LeafPlace,
  work: () => Promise<LeafEnd>,
): Promise<LeafEnd> {
  const path = nodePath(place.scope);
  session.running.add(path);
  try {
    return await work();
  } catch (error) {
    const { outcome, reason } = verdictOf(error, 'error');
    return { outcome, reason };
  } finally {
    session.running.delete(path);
  }
}
