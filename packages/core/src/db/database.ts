import type { AccessStore } from './contract/access.ts';
import type { AccountStore } from './contract/accounts.ts';
import type { BundleStore } from './contract/bundles.ts';
import type { EventStore } from './contract/events.ts';
import type { HostStore } from './contract/hosts.ts';
import type { JobStore } from './contract/jobs.ts';
import type { LabelStore } from './contract/labels.ts';
import type { LookupStore } from './contract/lookup.ts';
import type { NotificationStore } from './contract/notifications.ts';
import type { RecurringStore } from './contract/recurring.ts';
import type { ResultStore } from './contract/results.ts';
import type { SchedulingStore } from './contract/scheduling.ts';
import type { SecretStore } from './contract/secrets.ts';
import type { SuiteStore } from './contract/suites.ts';
import type { UserStore } from './contract/users.ts';

export type * from './contract/access.ts';
export type * from './contract/accounts.ts';
export type * from './contract/bundles.ts';
export type * from './contract/events.ts';
export type * from './contract/hosts.ts';
export type * from './contract/jobs.ts';
export type * from './contract/labels.ts';
export type * from './contract/lookup.ts';
export type * from './contract/notifications.ts';
export type * from './contract/recurring.ts';
export type * from './contract/results.ts';
export type * from './contract/scheduling.ts';
export type * from './contract/secrets.ts';
export type * from './contract/suites.ts';
export type * from './contract/users.ts';

/**
 * The database as the parts of Autotest see it: stores that speak the domain and show no connection. One contract, three engines (SQLite, MySQL,
 * MariaDB), one suite.
 *
 * Every change writes its events in its own transaction. A change with a `version` is compare-and-set: it gives `undefined`
 * (or leaves the item out of the result) when somebody else was faster, and never throws for that.
 */
export interface Database {
  readonly engine: 'sqlite' | 'mysql' | 'mariadb';
  readonly users: UserStore;
  readonly bundles: BundleStore;
  readonly hosts: HostStore;
  readonly access: AccessStore;
  readonly labels: LabelStore;
  readonly accounts: AccountStore;
  readonly jobs: JobStore;
  readonly suites: SuiteStore;
  readonly recurring: RecurringStore;
  readonly results: ResultStore;
  readonly events: EventStore;
  readonly scheduling: SchedulingStore;
  readonly lookup: LookupStore;
  readonly notifications: NotificationStore;
  readonly secrets: SecretStore;
  close(): Promise<void>;
}
