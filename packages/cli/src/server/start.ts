import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { systemClock, type LogLevel } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { openDatabase } from '@autotest/core/db';
import { createServerLog, startTelemetry, type HealthServer } from '@autotest/core/telemetry';
import {
  dispatcherChecks,
  notifierConfigOf,
  startDispatcher,
  startNotifier,
  startRecurring,
  type Dispatcher,
  type ExecutionOptions,
  type ResultsServerOptions,
} from '@autotest/dispatcher';
import { createFirstAdmin, startServer, type Server } from '@autotest/graphql';
import { removeLocalServer, writeLocalServer } from '../config.ts';

export interface StartOptions {
  /** Directory of the database, the results and the bundles. */
  readonly data: string;
  /** @default `sqlite:<data>/autotest.db` */
  readonly database?: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Serve the API and the web interface. */
  readonly server: boolean;
  /** Assign hosts and run jobs. */
  readonly dispatcher: boolean;
  /** How the dispatcher carries executions out. @default on this machine */
  readonly execution?: ExecutionOptions | undefined;
  /** Send mails and webhooks; configured by the environment. */
  readonly notifier: boolean;
  /** What is worth a line on stderr. @default 'warn' */
  readonly logLevel?: LogLevel | undefined;
  /** One JSON object a line. */
  readonly logJson?: boolean | undefined;
  /** Where `/metrics`, `/healthz` and `/readyz` are served without a token; undefined: nowhere. */
  readonly metricsPort?: number | undefined;
  /** @default '127.0.0.1' */
  readonly metricsHost?: string | undefined;
  /** Serves results of the dispatcher to API servers on other machines. */
  readonly results?: ResultsServerOptions | undefined;
  /** Address under which people reach the web interface, where it is not host and port. */
  readonly publicUrl?: string | undefined;
}

/** What runs in this process. */
export interface Running {
  readonly database: Database;
  readonly dataDir: string;
  readonly server: Server | undefined;
  readonly dispatcher: Dispatcher | undefined;
  /** Serves metrics and health. */
  readonly metricsServer: HealthServer | undefined;
  /** For the CLI on this machine; undefined without server. */
  readonly access: { readonly url: string; readonly token: string } | undefined;
  /** Stops what was started, newest first. Running jobs go on and are adopted by the next dispatcher, unless `abortRunning`. */
  stop(options?: { abortRunning?: boolean }): Promise<void>;
}

/** Opens the database and starts the server and the dispatcher in this process. */
export async function start(options: StartOptions): Promise<Running> {
  const program = options.server ? 'autotest-server' : 'autotest-dispatcher';
  const log = createServerLog({
    program,
    level: options.logLevel ?? 'warn',
    format: options.logJson ? 'json' : 'text',
  });
  const teardowns: ((abortRunning: boolean) => Promise<void> | void)[] = [];
  const stop = async ({ abortRunning = false } = {}) => {
    const errors: unknown[] = [];
    for (const teardown of teardowns.splice(0).reverse()) {
      try {
        await teardown(abortRunning);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Stopping failed.');
  };
  try {
    const telemetry = await startTelemetry({
      service: program,
      log,
      port: options.metricsPort,
      host: options.metricsHost,
    });
    teardowns.push(() => telemetry.close());
    const { metrics, checks, tracing } = telemetry;
    mkdirSync(options.data, { recursive: true, mode: 0o700 });
    const database = await openDatabase(options.database ?? `sqlite:${join(options.data, 'autotest.db')}`, {
      migrate: true,
    });
    teardowns.push(() => database.close());

    if (options.server) await createFirstAdmin(database, userInfo().username);
    let server: Server | undefined;
    let access: Running['access'];
    if (options.server) {
      server = await startServer({
        database,
        dataDir: options.data,
        host: options.host,
        port: options.port,
        webRoot: webRoot(),
        log,
        metrics,
        checks,
        tracing,
        ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
      });
      const running = server;
      teardowns.push(() => running.close());
      access = { url: server.url, token: await server.createApiToken('this machine') };
    }

    let dispatcher: Dispatcher | undefined;
    if (options.dispatcher) {
      const { health } = checks;
      dispatcher = await startDispatcher({
        database,
        dataDir: options.data,
        log,
        metrics,
        health,
        tracing,
        results: options.results,
        ...(options.execution && { execution: options.execution }),
      });
      const running = dispatcher;
      teardowns.push((abortRunning) => running.stop({ abortRunning }));
      const recurring = startRecurring({ database, clock: systemClock, log });
      teardowns.push(() => recurring.stop());
      checks.add(...dispatcherChecks(database, running.id));
    }
    if (options.notifier) {
      const config = notifierConfigOf(process.env);
      const publicUrl = options.publicUrl ?? config.publicUrl ?? server?.url;
      const notifier = startNotifier({
        database,
        log,
        metrics,
        config: { ...config, ...(publicUrl && { publicUrl }) },
      });
      teardowns.push(() => notifier.stop());
    }
    if (access) {
      // Last: one that does not start must not take the place of one that runs.
      const written = access;
      writeLocalServer(options.data, written);
      teardowns.push(() => removeLocalServer(options.data, written));
    }
    telemetry.started();
    teardowns.push(() => telemetry.stopping());
    const { server: metricsServer } = telemetry;
    return { database, dataDir: options.data, server, dispatcher, metricsServer, access, stop };
  } catch (error) {
    // What fails now must not take the place of why nothing started.
    await stop().catch((failure: unknown) => log.warn('stopping failed', { error: failure }));
    throw error;
  }
}

function webRoot(): string {
  return join(createRequire(import.meta.url).resolve('@autotest/web/package.json'), '../dist');
}
