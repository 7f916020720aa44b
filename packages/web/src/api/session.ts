import type { Client } from '@urql/core';
import { inject, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import { LoginDocument, LogoutDocument, MeDocument, type MeQuery } from '../generated/graphql.ts';
import { failureOf } from './failure.ts';
import { ask, change } from './request.ts';

export type User = MeQuery['me'];

/** Who is signed in. The secret itself is in a cookie that scripts cannot read. */
export interface Session {
  readonly user: Readonly<ShallowRef<User | undefined>>;
  readonly version: Readonly<ShallowRef<string>>;
  /** True while the server could not even be asked who we are. */
  readonly unreachable: Readonly<ShallowRef<boolean>>;
  /** Asks the server who we are, once. False: nobody. @throws CombinedError when the server cannot be asked */
  restore(): Promise<boolean>;
  /** @throws CombinedError with UNAUTHENTICATED for a token that is wrong, used or too old */
  signIn(token: string): Promise<void>;
  signOut(): Promise<void>;
  /** The server says the session has ended. */
  forget(): void;
  onForget(callback: () => void): void;
}

export const sessionKey: InjectionKey<Session> = Symbol('session');

/** The session of the application around this component. */
export function useSession(): Session {
  const session = inject(sessionKey);
  if (session === undefined) throw new Error('useSession needs an application that provides sessionKey.');
  return session;
}

export function createSession(client: Client): Session {
  const user = shallowRef<User>();
  const version = shallowRef('');
  const unreachable = shallowRef(false);
  const callbacks = new Set<() => void>();
  return {
    user,
    version,
    unreachable,
    async restore() {
      if (user.value !== undefined) return true;
      try {
        const data = await ask(client, MeDocument, {});
        user.value = data.me;
        version.value = data.version;
        unreachable.value = false;
        return true;
      } catch (error) {
        unreachable.value = failureOf(error).kind !== 'signedOut';
        if (!unreachable.value) return false;
        throw error;
      }
    },
    async signIn(token) {
      user.value = (await change(client, LoginDocument, { token })).login.user;
    },
    async signOut() {
      await change(client, LogoutDocument, {}).catch(() => undefined);
      this.forget();
    },
    forget() {
      user.value = undefined;
      for (const callback of callbacks) callback();
    },
    onForget: (callback) => void callbacks.add(callback),
  };
}
