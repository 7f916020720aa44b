import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { AclResolver } from '../access/acl.resolver.ts';
import { AccountResolver } from '../accounts/account.resolver.ts';
import { ControlResolver } from '../control/control.resolver.ts';
import { DispatcherResolver } from '../dispatchers/dispatcher.resolver.ts';
import { EntryResolver } from '../entries/entry.resolver.ts';
import { EventResolver } from '../events/event.resolver.ts';
import { ExecutionResolver } from '../executions/execution.resolver.ts';
import { HostHoldResolver } from '../hosts/hold.resolver.ts';
import { HostResolver } from '../hosts/host.resolver.ts';
import { JobResolver } from '../jobs/job.resolver.ts';
import { RecurringResolver } from '../recurring/recurring.resolver.ts';
import { LabelResolver } from '../labels/label.resolver.ts';
import { NotificationDeliveryResolver, NotificationRuleResolver } from '../notifications/notification.resolver.ts';
import { ResultResolver } from '../results/result.resolver.ts';
import { SubmitResolver } from '../submit/submit.resolver.ts';
import { SuiteResolver } from '../suites/suite.resolver.ts';
import { TaskResolver } from '../tasks/task.resolver.ts';
import { PeopleResolver } from '../users/people.resolver.ts';
import { UserResolver } from '../users/user.resolver.ts';

/** The schema with its resolvers. */
export function buildApiSchema(): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [
      UserResolver,
      JobResolver,
      SubmitResolver,
      SuiteResolver,
      RecurringResolver,
      HostResolver,
      ExecutionResolver,
      ResultResolver,
      EventResolver,
      ControlResolver,
      EntryResolver,
      TaskResolver,
      HostHoldResolver,
      PeopleResolver,
      AclResolver,
      LabelResolver,
      AccountResolver,
      DispatcherResolver,
      NotificationRuleResolver,
      NotificationDeliveryResolver,
    ],
    // What a type cannot say is checked where it is used, with messages of its own.
    validate: false,
    // Subscriptions read the log of events and files; type-graphql asks for topics all the same.
    pubSub: { publish: () => undefined, subscribe: noTopic },
  });
}

function noTopic(topic: string): never {
  throw new Error(`No subscription has topics, but one asked for ${topic}.`);
}
