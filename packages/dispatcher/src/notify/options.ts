import { silentLog, systemClock, type Clock, type Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { hostname } from 'node:os';
import { createMetrics, type Metrics } from '@autotest/core/telemetry';
import { UsageError } from '../errors.ts';
import { countNotifications, type CountNotification } from '../telemetry/notifications.ts';

/** What an administrator decides about notifications. */
export interface NotifierConfig {
  /** Mail server: `smtp://USER:PASSWORD@HOST:587` or `smtps://…`. Without it mails fail with the reason. */
  readonly smtpUrl?: string;
  /** Sender of mails. @default `autotest@` and the name of this machine */
  readonly mailFrom?: string;
  /** Address of the web interface, for links. @default none: no links */
  readonly publicUrl?: string;
  /** Whether webhooks may go to loopback, link-local and private addresses. @default false */
  readonly allowPrivateTargets?: boolean;
  readonly limits?: Partial<NotifierLimits>;
}

export interface NotifierLimits {
  /** Time for one attempt. @default 15 s */
  readonly sendTimeoutMs: number;
  /** Attempts, after which a delivery has failed. @default 8 */
  readonly maxAttempts: number;
  /** Delay after the first failure; four times as long after each further one. @default 10 s */
  readonly firstRetryMs: number;
  /** Longest such delay. @default 6 h */
  readonly maxRetryMs: number;
  /** Attempts at once for one web server, and for the mail server. @default 2 */
  readonly perTarget: number;
  /** Attempts at once in all. @default 64 */
  readonly maxSends: number;
  /** Events that are older are not told of any more. @default 3 d */
  readonly maxEventAgeMs: number;
  /** Longest time between two looks at the database. @default 5 s */
  readonly pollMs: number;
  /** How long `stop` waits for attempts that run, before it breaks them off and puts them back. @default 2 s */
  readonly stopMs: number;
}

export interface NotifierOptions {
  readonly database: Database;
  readonly config?: NotifierConfig;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default silentLog */
  readonly log?: Log;
  /** Where it counts, together with the other parts of the process. @default a registry of its own */
  readonly metrics?: Metrics;
}

/** Complete and checked. */
export interface NotifierSettings {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly count: CountNotification;
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string;
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined;
  readonly allowPrivateTargets: boolean;
  readonly limits: NotifierLimits;
}

const hourMs = 3_600_000;

const defaultLimits: NotifierLimits = {
  sendTimeoutMs: 15_000,
  maxAttempts: 8,
  firstRetryMs: 10_000,
  maxRetryMs: 6 * hourMs,
  perTarget: 2,
  maxSends: 64,
  maxEventAgeMs: 72 * hourMs,
  pollMs: 5000,
  stopMs: 2000,
};

/** @throws UsageError */
export function compileNotifierOptions(options: NotifierOptions): NotifierSettings {
  const { smtpUrl, mailFrom, publicUrl, allowPrivateTargets = false, limits } = options.config ?? {};
  if (smtpUrl !== undefined) checkUrl('the mail server', smtpUrl, ['smtp:', 'smtps:']);
  if (publicUrl !== undefined) checkUrl('the web interface', publicUrl, ['http:', 'https:']);
  return {
    database: options.database,
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLog,
    count: countNotifications(options.metrics ?? createMetrics()),
    smtpUrl,
    mailFrom: mailFrom ?? `autotest@${hostname()}`,
    publicUrl: publicUrl?.replace(/\/+$/, ''),
    allowPrivateTargets,
    limits: { ...defaultLimits, ...limits },
  };
}

/** The configuration as the environment has it: see the page on configuration. */
export function notifierConfigOf(env: NodeJS.ProcessEnv): NotifierConfig {
  const { AUTOTEST_SMTP_URL, AUTOTEST_MAIL_FROM, AUTOTEST_PUBLIC_URL, AUTOTEST_ALLOW_PRIVATE_TARGETS } = env;
  return {
    ...(AUTOTEST_SMTP_URL && { smtpUrl: AUTOTEST_SMTP_URL }),
    ...(AUTOTEST_MAIL_FROM && { mailFrom: AUTOTEST_MAIL_FROM }),
    ...(AUTOTEST_PUBLIC_URL && { publicUrl: AUTOTEST_PUBLIC_URL }),
    allowPrivateTargets: AUTOTEST_ALLOW_PRIVATE_TARGETS === '1',
  };
}

function checkUrl(what: string, url: string, protocols: readonly string[]): void {
  if (URL.canParse(url) && protocols.includes(new URL(url).protocol)) return;
  // Not the URL itself: it may hold a password.
  throw new UsageError(`The URL of ${what} does not begin with ${protocols.map((one) => `${one}//`).join(' or ')}`);
}
