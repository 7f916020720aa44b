import { Slots } from '../slots.ts';

/** Fewer than sshd's MaxStartups (10, above which it begins to drop connections by chance). */
const maxLogins = 8;

const logins = new Map<string, { readonly slots: Slots; users: number }>();

/**
 * Waits until few enough connections of this process to one address have yet to log in. Gives the function that ends this one's turn.
 *
 * @param signal rejects with its reason when it fires before the turn comes
 */
export async function admit(address: string, signal: AbortSignal): Promise<() => void> {
  const gate = logins.get(address) ?? { slots: new Slots(maxLogins), users: 0 };
  logins.set(address, gate);
  gate.users++;
  const leave = (): void => {
    gate.users--;
    if (gate.users === 0) logins.delete(address);
  };
  try {
    const release = await gate.slots.take(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      release();
      leave();
    };
  } catch (error) {
    leave();
    throw error;
  }
}
