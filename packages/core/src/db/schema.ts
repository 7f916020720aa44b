import type { InferKyselyTable } from '@mikro-orm/sql';
import { AccountEntity } from './entities/account.ts';
import { AclGroupEntity, AclHostEntity, AclUserEntity } from './entities/acl.ts';
import { BundleEntity } from './entities/bundle.ts';
import { DispatcherEntity } from './entities/dispatcher.ts';
import { DurationEntity } from './entities/duration.ts';
import { EntryEntity } from './entities/entry.ts';
import { EventEntity } from './entities/event.ts';
import { ExecutionKeyvalEntity } from './entities/execution-keyval.ts';
import { ExecutionEntity } from './entities/execution.ts';
import { HostEntity } from './entities/host.ts';
import { IdBlockEntity } from './entities/id-block.ts';
import { JobEntity } from './entities/job.ts';
import { LabelEntity } from './entities/label.ts';
import { LeaseEntity } from './entities/lease.ts';
import { MetricEntity } from './entities/metric.ts';
import { DeliveryEntity, NotificationRuleEntity } from './entities/notification.ts';
import { RecurringEntity } from './entities/recurring.ts';
import { ResultNodeEntity } from './entities/result-node.ts';
import { RoleEntity } from './entities/role.ts';
import { SecretEntity } from './entities/secret.ts';
import { SuiteEntity } from './entities/suite.ts';
import { TaskEntity } from './entities/task.ts';
import { TokenEntity } from './entities/token.ts';
import { UserEntity } from './entities/user.ts';
import { WaitEntity } from './entities/wait.ts';

/** Every table. The migrations must lead to exactly this; a test compares. */
export const entities = [
  UserEntity,
  TokenEntity,
  BundleEntity,
  HostEntity,
  JobEntity,
  EntryEntity,
  ExecutionEntity,
  TaskEntity,
  LeaseEntity,
  ResultNodeEntity,
  MetricEntity,
  ExecutionKeyvalEntity,
  DispatcherEntity,
  EventEntity,
  WaitEntity,
  AccountEntity,
  LabelEntity,
  AclGroupEntity,
  AclUserEntity,
  AclHostEntity,
  RoleEntity,
  IdBlockEntity,
  DurationEntity,
  SuiteEntity,
  RecurringEntity,
  NotificationRuleEntity,
  DeliveryEntity,
  SecretEntity,
];

type Named = { columnNamingStrategy: 'property' };

/** The tables as queries see them. */
export interface Tables {
  users: InferKyselyTable<typeof UserEntity, Named>;
  tokens: InferKyselyTable<typeof TokenEntity, Named>;
  bundles: InferKyselyTable<typeof BundleEntity, Named>;
  hosts: InferKyselyTable<typeof HostEntity, Named>;
  jobs: InferKyselyTable<typeof JobEntity, Named>;
  entries: InferKyselyTable<typeof EntryEntity, Named>;
  executions: InferKyselyTable<typeof ExecutionEntity, Named>;
  tasks: InferKyselyTable<typeof TaskEntity, Named>;
  leases: InferKyselyTable<typeof LeaseEntity, Named>;
  result_nodes: InferKyselyTable<typeof ResultNodeEntity, Named>;
  metrics: InferKyselyTable<typeof MetricEntity, Named>;
  execution_keyvals: InferKyselyTable<typeof ExecutionKeyvalEntity, Named>;
  dispatchers: InferKyselyTable<typeof DispatcherEntity, Named>;
  events: InferKyselyTable<typeof EventEntity, Named>;
  waits: InferKyselyTable<typeof WaitEntity, Named>;
  accounts: InferKyselyTable<typeof AccountEntity, Named>;
  labels: InferKyselyTable<typeof LabelEntity, Named>;
  acl_groups: InferKyselyTable<typeof AclGroupEntity, Named>;
  acl_users: InferKyselyTable<typeof AclUserEntity, Named>;
  acl_hosts: InferKyselyTable<typeof AclHostEntity, Named>;
  roles: InferKyselyTable<typeof RoleEntity, Named>;
  id_blocks: InferKyselyTable<typeof IdBlockEntity, Named>;
  durations: InferKyselyTable<typeof DurationEntity, Named>;
  suites: InferKyselyTable<typeof SuiteEntity, Named>;
  recurring: InferKyselyTable<typeof RecurringEntity, Named>;
  notification_rules: InferKyselyTable<typeof NotificationRuleEntity, Named>;
  secrets: InferKyselyTable<typeof SecretEntity, Named>;
  deliveries: InferKyselyTable<typeof DeliveryEntity, Named>;
}
