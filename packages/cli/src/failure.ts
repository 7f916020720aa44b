import { exitCodes, type ExitCode } from './exit-codes.ts';

const byCode: Readonly<Record<string, ExitCode>> = {
  AT_USAGE: exitCodes.usage,
  AT_CONTROL_INVALID: exitCodes.usage,
  AT_CONTROL_TOO_LARGE: exitCodes.usage,
  AT_PARAMS_INVALID: exitCodes.usage,
  AT_LABEL_EXPRESSION: exitCodes.usage,
  AT_HOSTS_UNAVAILABLE: exitCodes.usage,
  AT_NOT_FOUND: exitCodes.usage,
  AT_INPUT_INVALID: exitCodes.usage,
  AT_ALREADY_EXISTS: exitCodes.usage,
  AT_DEPENDENCY: exitCodes.usage,
  AT_HOST_TAKEN: exitCodes.usage,
  AT_SCHEDULE: exitCodes.usage,
  BAD_USER_INPUT: exitCodes.usage,
  AT_DURATION: exitCodes.usage,
  AT_HOST_LOCKED: exitCodes.permission,
  AT_HOST_RESERVED: exitCodes.permission,
  AT_HOST_NOT_RESERVED: exitCodes.cancelled,
  AT_LAB_UNFIT: exitCodes.unavailable,
  AT_NO_SERVER: exitCodes.unavailable,
  AT_SERVER_UNREACHABLE: exitCodes.unavailable,
  UNAUTHENTICATED: exitCodes.permission,
  FORBIDDEN: exitCodes.permission,
};

/** Exit code for a command that ended with an error. */
export function exitCodeOfError(error: unknown): ExitCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (typeof code === 'string' ? byCode[code] : undefined) ?? exitCodes.infra;
}
