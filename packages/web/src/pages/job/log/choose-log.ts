import type { FileLineFragment } from '../../../generated/graphql.ts';

/**
 * The log to show unless one was asked for: what the selected result wrote itself (its directory is `near`), else its status log, else the
 * execution's main log.
 */
export function chooseLog(logs: readonly FileLineFragment[], near: string | undefined): FileLineFragment | undefined {
  const own = near === undefined ? [] : logs.filter((log) => log.path.startsWith(`${near}/`) && log.size > 0);
  return own.find((log) => log.path.startsWith(`${near}/debug/`)) ?? own[0] ?? logs[0];
}
