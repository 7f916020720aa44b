import type { Log, TraceContext } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import type { LiveSpan, Tracing } from '@autotest/core/telemetry';
import type { Authenticator } from './auth/authenticator.ts';
import type { Principal } from './auth/principal.ts';
import { UnauthenticatedError } from './errors.ts';
import type { EventFeed } from './events/event-feed.ts';
import type { ResultsSources } from './files/results-sources.ts';
import type { Loaders } from './loaders.ts';
import type { ApiMetrics } from './telemetry/metrics.ts';

/** What resolvers work with, the same for all requests. */
export interface Services {
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly feed: EventFeed;
  /** Where the results of executions are. */
  readonly results: ResultsSources;
  readonly log: Log;
  readonly metrics: ApiMetrics;
  /** Undefined: nobody takes spans. */
  readonly tracing: Tracing | undefined;
  readonly version: string;
  /** Address under which people reach the server, without a slash at its end. */
  readonly publicUrl: () => string;
  /** Fires when the server closes. */
  readonly closing: AbortSignal;
}

/** What resolvers know of the request. */
export interface ApiContext {
  readonly services: Services;
  /** Undefined for `login` alone: everything else is refused before it gets here. */
  readonly principal: Principal | undefined;
  /** Of this request; of a subscription: renewed with each event. */
  loaders: Loaders;
  /** Sets or deletes the session's cookie, where the transport has cookies. */
  readonly setSession?: (secret: string | undefined) => void;
  /** Where in a trace of theirs the client asked. */
  readonly traceParent?: TraceContext | undefined;
  /** Of this request, where spans are taken. */
  span?: LiveSpan;
}

/** @throws UnauthenticatedError */
export function principalOf({ principal }: ApiContext): Principal {
  if (principal === undefined) throw new UnauthenticatedError();
  return principal;
}
