import { ClientLostError, HostLostError } from '../errors.ts';
import { StopRequest } from '../execution/stop.ts';

/** Why a host is asked what happened on it. */
export type CrashTrigger =
  /** Everything went well, but the host has new crash dumps. */
  | 'dumps'
  /** Somebody, or a limit, ended the execution. */
  | 'stopped'
  /** Nothing happened for too long. */
  | 'hung'
  /** The client ended without a word. */
  | 'clientLost'
  /** The host is gone, or does not answer: nothing can be asked but its console. */
  | 'hostLost'
  /** Something else of the lab went wrong. */
  | 'failed'
  /** An earlier autoserv was killed. */
  | 'gathered';

export type CrashSource =
  | 'console'
  | 'tasks'
  | 'dmesg'
  | 'journal'
  | 'processes'
  | 'memory'
  | 'disk'
  | 'uptime'
  | 'dumps';

/** What is collected when; in this order, where a source is to see what an earlier one caused. */
export const collectedOn: Readonly<Record<CrashTrigger, readonly CrashSource[]>> = {
  dumps: ['dmesg', 'dumps'],
  stopped: ['console', 'processes', 'dmesg', 'dumps'],
  hung: ['console', 'tasks', 'processes', 'dmesg', 'journal', 'memory', 'disk', 'uptime', 'dumps'],
  clientLost: ['console', 'processes', 'dmesg', 'journal', 'memory', 'disk', 'uptime', 'dumps'],
  hostLost: ['console'],
  failed: ['console', 'processes', 'dmesg', 'journal', 'memory', 'disk', 'uptime', 'dumps'],
  gathered: ['console', 'processes', 'dmesg', 'journal', 'memory', 'disk', 'uptime', 'dumps'],
};

/** @param request why the execution is ended, if it is */
export function triggerOf(error: unknown, request: StopRequest | undefined): CrashTrigger {
  if (error instanceof HostLostError) return 'hostLost';
  if (error instanceof ClientLostError) return 'clientLost';
  if (request?.by === 'idle timeout') return 'hung';
  return request || error instanceof StopRequest ? 'stopped' : 'failed';
}
