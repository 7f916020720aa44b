import { logLevels, type LogLevel } from '@autotest/core';
import type { Argv, CommandModule } from 'yargs';
import type { StartOptions } from '../server/start.ts';
import { defaultDataDir } from '../config.ts';
import { note } from '../output/print.ts';
import { paint } from '../output/style.ts';
import { dispatcherCommands } from './dispatcher.ts';
import { executionOf, executionOptions, type ExecutionArguments } from './execution-options.ts';

interface DataArguments {
  data: string;
  database: string | undefined;
  'log-level': LogLevel;
  'log-json': boolean;
  'metrics-port': number | undefined;
  'metrics-host': string;
}

interface ServeArguments extends DataArguments {
  host: string;
  port: number;
  'public-url': string | undefined;
  'local-host': boolean;
  notify: boolean;
}

interface DispatcherArguments extends DataArguments, ExecutionArguments {
  notify: boolean;
  'results-port': number | undefined;
  'results-host': string | undefined;
  'results-url': string | undefined;
}

/** `autotest up`: everything in one process. */
export const upCommand: CommandModule<unknown, ServeArguments & ExecutionArguments> = {
  command: 'up',
  describe: 'start everything in this process: web interface, API and dispatcher',
  builder: (cli) =>
    executionOptions(notifyOption(serveOptions(cli))).option('local-host', {
      type: 'boolean',
      default: true,
      describe: 'at the first start, register this machine as a host',
    }),
  handler: (args) =>
    serve(args, { server: true, dispatcher: true, notifier: args.notify, execution: executionOf(args) }),
};

/** `autotest server`: web interface and API alone. */
export const serverCommand: CommandModule<unknown, Omit<ServeArguments, 'notify'>> = {
  command: 'server',
  describe: 'start the web interface and the API alone',
  builder: (cli) => serveOptions(cli).option('local-host', { type: 'boolean', default: false, hidden: true }),
  handler: (args) => serve(args, { server: true, dispatcher: false, notifier: false }),
};

/** `autotest dispatcher`: a dispatcher alone, one for each machine that runs autoserv. */
export const dispatcherCommand: CommandModule<unknown, DispatcherArguments> = {
  command: 'dispatcher',
  describe: 'start a dispatcher alone: assigns hosts and runs jobs; or list and drain those there are',
  builder: (cli) => dispatcherCommands(executionOptions(resultsOptions(notifyOption(dataOptions(cli))))),
  handler: (args) =>
    serve(
      { ...args, host: '127.0.0.1', port: 0, 'public-url': undefined, 'local-host': false },
      {
        server: false,
        dispatcher: true,
        notifier: args.notify,
        results: resultsOf(args),
        execution: executionOf(args),
      },
    ),
};

function dataOptions<T>(cli: Argv<T>) {
  return cli
    .option('data', {
      type: 'string',
      default: defaultDataDir(),
      describe: 'directory of database, results and bundles',
    })
    .option('database', {
      type: 'string',
      describe:
        'sqlite:FILE, mysql://USER:PASSWORD@HOST/NAME or mariadb://… [AUTOTEST_DATABASE]; default: SQLite in the data directory',
      default: process.env.AUTOTEST_DATABASE,
      defaultDescription: 'SQLite in --data',
    })
    .option('log-level', {
      choices: logLevels,
      default: (process.env.LOG_LEVEL ?? 'warn') as LogLevel,
      describe: 'what is logged on stderr [LOG_LEVEL]',
    })
    .option('log-json', { type: 'boolean', default: false, describe: 'log one JSON object a line' })
    .option('metrics-port', {
      type: 'number',
      default: metricsPort(),
      defaultDescription: 'none',
      describe: 'serve /metrics, /healthz and /readyz there without a token; 0 takes any [AUTOTEST_METRICS_PORT]',
    })
    .option('metrics-host', { type: 'string', default: '127.0.0.1', describe: 'address for them' });
}

function resultsOptions<T>(cli: Argv<T>) {
  return cli
    .option('results-port', {
      type: 'number',
      describe: 'serve the results on this machine there to API servers elsewhere; 0 takes any; default: not served',
    })
    .option('results-host', {
      type: 'string',
      implies: 'results-port',
      describe: 'address for them; default: 127.0.0.1',
    })
    .option('results-url', {
      type: 'string',
      implies: 'results-port',
      describe: 'under which API servers reach them, such as https://… of a proxy; default: address and port',
    });
}

function resultsOf(args: DispatcherArguments): StartOptions['results'] {
  const { 'results-port': port, 'results-host': host, 'results-url': url } = args;
  return port === undefined ? undefined : { port, host, url };
}

function metricsPort(): number | undefined {
  const text = process.env.AUTOTEST_METRICS_PORT;
  return text ? Number(text) : undefined;
}

function notifyOption<T>(cli: Argv<T>) {
  return cli.option('notify', {
    type: 'boolean',
    default: true,
    describe: 'send mails and webhooks; --no-notify does not',
  });
}

function serveOptions<T>(cli: Argv<T>) {
  return dataOptions(cli)
    .option('host', { type: 'string', default: '127.0.0.1', describe: 'address to listen on' })
    .option('port', {
      type: 'number',
      default: Number(process.env.PORT ?? 8080),
      describe: 'port to listen on; 0 takes any [PORT]',
    })
    .option('public-url', {
      type: 'string',
      default: process.env.AUTOTEST_PUBLIC_URL,
      describe: 'address under which people reach the web interface [AUTOTEST_PUBLIC_URL]',
      defaultDescription: 'host and port',
    });
}

async function serve(
  args: Omit<ServeArguments, 'notify'>,
  parts: Pick<StartOptions, 'server' | 'dispatcher' | 'notifier' | 'results' | 'execution'>,
): Promise<void> {
  // Only here, because a command that talks to a server must not load an ORM.
  const { start } = await import('../server/start.ts');
  const running = await start({
    data: args.data,
    database: args.database,
    host: args.host,
    port: args.port,
    publicUrl: args['public-url'],
    logLevel: args['log-level'],
    logJson: args['log-json'],
    metricsPort: args['metrics-port'],
    metricsHost: args['metrics-host'],
    ...parts,
  });
  if (args['local-host']) {
    const { registerThisMachine } = await import('../server/this-machine.ts');
    if (await registerThisMachine(running.database)) note('Registered this machine as host `localhost`.');
  }
  if (running.server) {
    note(`Autotest is at ${paint('bold', running.server.url, process.stderr)} with its data in ${args.data}`);
    note(`Log in once with this link (valid for 15 minutes):\n\n  ${await running.server.createLoginLink()}\n`);
    note(
      'Another link: autotest login-link. Stop with Ctrl-C; running jobs go on and are picked up again at the next start.',
    );
  } else {
    note(`The dispatcher works with its data in ${args.data}. Stop it with Ctrl-C; running jobs go on.`);
  }
  if (running.metricsServer) note(`Metrics and health are at ${running.metricsServer.url}`);
  await untilSignal();
  await running.stop();
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      note(`Stopping (${signal}) …`);
      process.once(signal, () => process.exit(130));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}
