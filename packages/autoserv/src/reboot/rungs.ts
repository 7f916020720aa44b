import type { HostSpec, PowerDriver } from '@autotest/core';
import { powerMs } from '../power/power-of.ts';

/** One way to make a host boot, rougher than the one before. */
export interface RebootRung {
  readonly name: string;
  /** Run on the host, detached; the connection may go with it. */
  readonly command?: string;
  /** Carried out from here. */
  readonly act?: (signal: AbortSignal) => Promise<void>;
}

/** Nothing is synced after the last of these: what a hung disk keeps from being written is lost either way. */
const byItself: readonly RebootRung[] = [
  { name: 'reboot', command: 'sync; reboot' },
  { name: 'forced reboot', command: '(sync & sleep 5); reboot -nf || reboot -f' },
  {
    name: 'sysrq reboot',
    command:
      'echo 1 >/proc/sys/kernel/sysrq; for key in s u; do echo $key >/proc/sysrq-trigger; sleep 2; done; echo b >/proc/sysrq-trigger',
  },
];

/**
 * What is tried on a host, in order. A command that somebody names for it takes the place of everything that is done on the host: whoever names it knows what its reboots need.
 * Power is cycled only where nothing protects the host.
 */
export function rebootRungs(spec: HostSpec, command: string | undefined, power: PowerDriver | undefined): RebootRung[] {
  const named = command ?? spec.attributes['reboot-command'];
  return [...(named === undefined ? byItself : [{ name: named, command: named }]), ...powerRung(spec, power)];
}

export function powerRung(spec: HostSpec, power: PowerDriver | undefined): RebootRung[] {
  if (!power || spec.protection !== 'none') return [];
  return [{ name: 'power cycle', act: (signal) => power.cycle({ timeoutMs: powerMs, signal }) }];
}
