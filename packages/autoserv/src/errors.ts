import { AutotestError, messageOf } from '@autotest/core';

/** Thrown when no connection to a host comes about: refused, timed out, no route, unknown name. */
export class HostUnreachableError extends AutotestError {
  constructor(host: string, where: string, why: string, remedy: string, cause?: unknown) {
    super('AT_HOST_UNREACHABLE', `Host ${host} cannot be reached at ${where}: ${why}. ${remedy}`, {
      cause,
      details: { host, where },
    });
    this.name = 'HostUnreachableError';
  }
}

/** Thrown when a host answers but lets none of the keys in. */
export class HostAuthError extends AutotestError {
  constructor(host: string, user: string, tried: readonly string[], cause?: unknown) {
    const keys = tried.length > 0 ? `the keys tried were ${tried.join(', ')}` : 'there is no key to try';
    super(
      'AT_HOST_AUTH',
      `Host ${host} refuses the user ${user}: ${keys}. Put a public key into ~${user}/.ssh/authorized_keys on the host, or name another key for the host.`,
      { cause, details: { host, user, tried } },
    );
    this.name = 'HostAuthError';
  }
}

/** Thrown when a host shows another key than the one pinned for it: reinstalled, or somebody in between. */
export class HostKeyMismatchError extends AutotestError {
  /** @param key the shown one in OpenSSH format, where it is known */
  constructor(host: string, pinned: readonly string[], shown: string, key?: string) {
    const remedy =
      key === undefined ? `autotest host pin ${host} --replace` : `autotest host key accept ${host} '${key}' --replace`;
    super(
      'AT_HOST_KEY_MISMATCH',
      `Host ${host} shows the key ${shown}, but ${pinned.join(' or ')} is pinned for it. If the host was reinstalled, and the fingerprint is what its console says, run: ${remedy}. If not, somebody may be answering in its place.`,
      { details: { host, pinned, shown } },
    );
    this.name = 'HostKeyMismatchError';
  }
}

/** Thrown when a connection breaks while something runs on it, and (with `for good`) when the host stays away too long. */
export class HostLostError extends AutotestError {
  constructor(host: string, why: string, cause?: unknown) {
    super(
      'AT_HOST_LOST',
      `The connection to host ${host} was lost: ${why}. Look at the host's power, network and console.`,
      { cause, details: { host } },
    );
    this.name = 'HostLostError';
  }
}

/** Thrown when a host lacks something that a session needs. */
export class HostUnfitError extends AutotestError {
  constructor(host: string, what: string, remedy: string, options: { cause?: unknown } = {}) {
    super('AT_HOST_UNFIT', `Host ${host} cannot be used: ${what}. ${remedy}`, { ...options, details: { host } });
    this.name = 'HostUnfitError';
  }
}

/** Thrown when a file did not arrive as it was sent, or could not be read or written at the other end. */
export class TransferError extends AutotestError {
  constructor(host: string, what: string, why: string, cause?: unknown) {
    super('AT_TRANSFER', `Copying ${what} (host ${host}) failed: ${why}.`, { cause, details: { host } });
    this.name = 'TransferError';
  }
}

/** Thrown when the client on a host speaks something else than the session protocol. */
export class SessionProtocolError extends AutotestError {
  constructor(host: string, why: string) {
    super('AT_SESSION_PROTOCOL', `The client on host ${host} sent what is not the session protocol: ${why}.`, {
      details: { host },
    });
    this.name = 'SessionProtocolError';
  }
}

/** Thrown when the client on a host ended without saying how. */
export class ClientLostError extends AutotestError {
  constructor(host: string, why: string) {
    super(
      'AT_CLIENT_LOST',
      `The client on host ${host} was killed: ${why}. Look into crashinfo.${host}/ for what the host said.`,
      { details: { host } },
    );
    this.name = 'ClientLostError';
  }
}

/** Thrown when a command cannot be carried to a host as it is. */
export class CommandInvalidError extends AutotestError {
  constructor(why: string) {
    super('AT_COMMAND_INVALID', `The command cannot be run: ${why}.`);
    this.name = 'CommandInvalidError';
  }
}

/** Thrown when another autoserv carries out the same execution. */
export class ExecutionLockedError extends AutotestError {
  constructor(resultsDir: string, pid: number) {
    super('AT_EXECUTION_LOCKED', `Process ${pid} already writes ${resultsDir}; wait until it ends, or stop it.`, {
      details: { resultsDir, pid },
    });
    this.name = 'ExecutionLockedError';
  }
}

/** Thrown when the disk that holds the results has no space left, or the results tree reached its limit. */
export class ResultsDiskFullError extends AutotestError {
  constructor(file: string, cause?: unknown) {
    super('AT_RESULTS_DISK_FULL', `The disk that holds ${file} is full; free space there and run the job again.`, {
      cause,
      details: { file },
    });
    this.name = 'ResultsDiskFullError';
  }
}

/** Thrown when the command line or the spec asks for what cannot be. */
export class UsageError extends AutotestError {
  constructor(message: string) {
    super('AT_USAGE', message);
    this.name = 'UsageError';
  }
}

/** The error with the file system's code `ENOSPC` or `EDQUOT` said in the project's words; others as they are. */
export function asDiskError(file: string, error: unknown): unknown {
  const { code } = error as { code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' ? new ResultsDiskFullError(file, error) : error;
}

/** Code and message of anything thrown, as an `end` record carries them. */
export function causeOf(error: unknown): { code: string; message: string } {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'AT_INTERNAL';
  return { code: code.startsWith('AT_') ? code : 'AT_INTERNAL', message: messageOf(error).slice(0, 4000) };
}

/** Thrown when a module of the bundle cannot be loaded, or is no control file. */
export class ControlFileInvalidError extends AutotestError {
  readonly outcome = 'error';
  constructor(file: string, why: string, cause?: unknown) {
    super('AT_CONTROL_INVALID', `The control file ${file} cannot be run: ${why}.`, { cause, details: { file } });
    this.name = 'ControlFileInvalidError';
  }
}

/** Thrown when not everybody came to a barrier in time. */
export class BarrierTimeoutError extends AutotestError {
  readonly outcome = 'error';
  constructor(name: string, came: number, expected: number) {
    super(
      'AT_BARRIER_TIMEOUT',
      `Only ${came} of ${expected} came to barrier ${name} in time; look at what the others were doing.`,
      {
        details: { barrier: name, came, expected },
      },
    );
    this.name = 'BarrierTimeoutError';
  }
}

/** Thrown when a file in the lab's directory of steps holds no step. */
export class StepFileInvalidError extends AutotestError {
  constructor(file: string, why: string, cause?: unknown) {
    super(
      'AT_STEP_FILE_INVALID',
      `The step file ${file} cannot be used: ${why}. Correct it, or move it out of the directory that AUTOTEST_STEPS_DIR names.`,
      { cause, details: { file } },
    );
    this.name = 'StepFileInvalidError';
  }
}

/** Thrown when a host did not get the image that it was to be provisioned with. */
export class ProvisionError extends AutotestError {
  constructor(host: string, image: string, why: string, cause?: unknown) {
    super(
      'AT_PROVISION_FAILED',
      `Host ${host} was not provisioned with ${image}: ${why}. Look at the log of the step, and try its driver by hand.`,
      { cause, details: { host, image } },
    );
    this.name = 'ProvisionError';
  }
}

/** Anything thrown, for a log: code and stack. */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
  const cause = error.cause === undefined ? '' : `\ncaused by ${describeFault(error.cause)}`;
  return `${code}${error.stack ?? error.message}${cause}`;
}

/** Thrown when the device that switches a host's power cannot be reached, or does not do what it is told. */
export class PowerError extends AutotestError {
  constructor(host: string, what: string, where: string, why: string, options: { cause?: unknown } = {}) {
    super(
      'AT_HOST_POWER',
      `Power of host ${host}: ${what} by ${where} failed: ${why}. Look whether that device is reachable and set up.`,
      { ...options, details: { host, where } },
    );
    this.name = 'PowerError';
  }
}

/** Thrown when the device that switches a host's power refuses our credentials. */
export class PowerAuthError extends AutotestError {
  constructor(host: string, where: string, why: string) {
    super(
      'AT_HOST_POWER_AUTH',
      `Power of host ${host}: ${where} refuses us: ${why}. Check the user and the file of the secret that the host's attribute power names.`,
      { details: { host, where } },
    );
    this.name = 'PowerAuthError';
  }
}

/** Thrown when something is to be sent to a host's console, or is to come from it, and there is no connection to it. */
export class ConsoleError extends AutotestError {
  constructor(host: string, where: string, why: string, options: { cause?: unknown } = {}) {
    super(
      'AT_HOST_CONSOLE',
      `Console of host ${host} at ${where}: ${why}. Look whether its console server is reachable.`,
      { ...options, details: { host, where } },
    );
    this.name = 'ConsoleError';
  }
}

/** Thrown when what was waited for did not come on a host's console. */
export class ConsoleTimeoutError extends AutotestError {
  readonly outcome = 'fail';
  constructor(host: string, pattern: string, last: string) {
    super(
      'AT_CONSOLE_TIMEOUT',
      `Console of host ${host}: ${pattern} did not come in time; the last that came is ${JSON.stringify(last)}.`,
      { details: { host, pattern } },
    );
    this.name = 'ConsoleTimeoutError';
  }
}

/** Thrown when the file of a secret, or a program of the lab, is not where such files must be. */
export class DriverFileError extends AutotestError {
  constructor(file: string, why: string, remedy: string) {
    super('AT_HOST_DRIVER_FILE', `${file} cannot be used: ${why}. ${remedy}`, { details: { file } });
    this.name = 'DriverFileError';
  }
}

/** Thrown when the file with further rules for consoles cannot be used. */
export class ConsoleRulesError extends AutotestError {
  constructor(file: string, why: string) {
    super('AT_CONSOLE_RULES', `The rules for consoles in ${file} cannot be used: ${why}.`, { details: { file } });
    this.name = 'ConsoleRulesError';
  }
}

/** Thrown when ssh_config, or what a host's attributes say about the way to it, cannot be followed. */
export class SshConfigError extends AutotestError {
  constructor(what: string, why: string, cause?: unknown) {
    super(
      'AT_SSH_CONFIG',
      `The SSH configuration cannot be used: ${what}: ${why}. Correct it, or name another file by AUTOTEST_SSH_CONFIG.`,
      { cause, details: { what } },
    );
    this.name = 'SshConfigError';
  }
}

/** Thrown when the way to a host leads through a jump host that cannot be passed. */
export class JumpHostError extends AutotestError {
  constructor(host: string, hop: string, why: string, cause?: unknown) {
    super('AT_JUMP_HOST', `Host ${host} cannot be reached: the jump host ${hop} on the way to it fails: ${why}`, {
      cause,
      details: { host, hop },
    });
    this.name = 'JumpHostError';
  }
}
