import type { InferKyselyTable } from '@mikro-orm/sql';
import { BundleEntity } from './entities/bundle.ts';
import { DispatcherEntity } from './entities/dispatcher.ts';
import { EntryEntity } from './entities/entry.ts';
import { EventEntity } from './entities/event.ts';
import { ExecutionKeyvalEntity } from './entities/execution-keyval.ts';
import { ExecutionEntity } from './entities/execution.ts';
import { HostEntity } from './entities/host.ts';
import { JobEntity } from './entities/job.ts';
import { LeaseEntity } from './entities/lease.ts';
import { MetricEntity } from './entities/metric.ts';
import { ResultNodeEntity } from './entities/result-node.ts';
import { TaskEntity } from './entities/task.ts';
import { TokenEntity } from './entities/token.ts';
import { UserEntity } from './entities/user.ts';

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
}
