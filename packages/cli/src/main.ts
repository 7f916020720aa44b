import { messageOf } from '@autotest/core';
import yargs from 'yargs';
import { accountCommand } from './commands/account.ts';
import { aclCommand } from './commands/acl.ts';
import { autoservCommand } from './commands/autoserv.ts';
import { clientCommand } from './commands/client.ts';
import { demoCommand } from './commands/demo.ts';
import { dispatcherCommand, serverCommand, upCommand } from './commands/up.ts';
import { loginLinkCommand } from './commands/login-link.ts';
import { hostCommand } from './commands/host.ts';
import { jobCommand } from './commands/job.ts';
import { recurringCommand } from './commands/recurring.ts';
import { labCommand } from './commands/lab.ts';
import { labelCommand } from './commands/label.ts';
import { notifyCommand } from './commands/notify.ts';
import { resultsCommand } from './commands/results.ts';
import { runCommand } from './commands/run.ts';
import { simulateCommand } from './commands/simulate.ts';
import { suiteCommand } from './commands/suite.ts';
import { tokenCommand } from './commands/token.ts';
import { userCommand } from './commands/user.ts';
import { validateCommand } from './commands/validate.ts';
import { UsageError } from './errors.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { exitCodeOfError } from './failure.ts';
import { note } from './output/print.ts';
import { paint } from './output/style.ts';

/**
 * The `autotest` command.
 *
 * @param argv arguments without node and script
 * @returns the exit code (see exit-codes.ts)
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  // They work without a server, and have option parsers of their own with the original's letters.
  if (argv[0] === 'autoserv') return autoservCommand(argv.slice(1));
  if (argv[0] === 'exec') return autoservCommand(argv);
  if (argv[0] === 'client' && argv[1] === 'run') return clientCommand(argv.slice(2));

  const outcome: { exitCode: ExitCode } = { exitCode: exitCodes.ok };
  const cli = yargs([...argv])
    .scriptName('autotest')
    .usage('$0 <command>\n\nRuns tests on fleets of real machines.')
    .option('server', { type: 'string', describe: 'URL of the server [AUTOTEST_SERVER]', global: true })
    .command(upCommand)
    .command(serverCommand)
    .command(dispatcherCommand)
    .command(demoCommand(outcome))
    .command(runCommand(outcome))
    .command(validateCommand(outcome))
    .command(loginLinkCommand)
    .command(tokenCommand)
    .command(jobCommand(outcome))
    .command(suiteCommand)
    .command(recurringCommand)
    .command(hostCommand)
    .command(labelCommand)
    .command(labCommand)
    .command(userCommand)
    .command(accountCommand)
    .command(aclCommand)
    .command(notifyCommand)
    .command(resultsCommand(outcome))
    .command(simulateCommand(outcome))
    .command('client run', 'run a client control file on this machine, without a server (autotest client run --help)')
    .command('exec', 'run a command on many machines at once, without a server (autotest exec --help)')
    .command('autoserv', 'run control files on machines without a server (autotest autoserv --help)')
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': true, 'strip-aliased': true })
    .version(false)
    .option('version', { type: 'boolean', describe: 'print the version', global: false })
    .help()
    .wrap(Math.min(110, process.stdout.columns || 110))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(describeMisuse(message, argv));
    });

  if (argv.length === 1 && argv[0] === '--version') {
    console.log(await version());
    return exitCodes.ok;
  }
  try {
    await cli.parseAsync();
    return outcome.exitCode;
  } catch (error) {
    note(`${paint('red', 'error', process.stderr)} ${messageOf(error)}`);
    if (process.env.AUTOTEST_DEBUG && error instanceof Error) note(String(error.stack));
    return exitCodeOfError(error);
  }
}

function describeMisuse(message: string, argv: readonly string[]): string {
  const command = argv.filter((word) => /^[a-z][a-z-]*$/.test(word)).slice(0, 2);
  const what = message.startsWith('Not enough non-option arguments') ? 'An argument is missing.' : message;
  return `${what}\nSee \`${['autotest', ...command, '--help'].join(' ')}\`.`;
}

async function version(): Promise<string> {
  const { default: manifest } = (await import('../package.json', { with: { type: 'json' } })) as {
    default: { version: string };
  };
  return manifest.version;
}
