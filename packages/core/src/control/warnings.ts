/** Types of reports that are known on consoles. A lab's rules file and `warnings.watch` may add others. */
export const warningTypes = [
  'KernelPanic',
  'KernelBug',
  'KernelWarning',
  'Lockdep',
  'OutOfMemory',
  'HungTask',
  'Lockup',
  'RcuStall',
  'Sanitizer',
  'IoError',
  'Segfault',
] as const;
export type WarningType = (typeof warningTypes)[number];

export interface WatchOptions {
  /** @default 'warn' */
  readonly severity?: 'warn' | 'fail';
  /** What `disable` calls it. @default the name */
  readonly type?: string;
}

/**
 * Which reports on the consoles of the hosts count: those of the job's hosts in a server control file, those of this host in a client control file or test.
 * What counts is the time of the report: one from before it was disabled stays, and one from before it was enabled again does not come back.
 * Without a console (the host's attribute `console`) this does nothing.
 */
export interface Warnings {
  /** Disabling twice is disabling once. Disable before what provokes the report. */
  disable(type: WarningType | (string & {})): void;
  enable(type: WarningType | (string & {})): void;
  /**
   * Looks for one more pattern in the lines of the consoles from now on. It is used where it can run in linear time: no look-around, no back references, no flags;
   * one that cannot is told in the results (`problem`).
   */
  watch(name: string, pattern: RegExp, options?: WatchOptions): void;
}

/** Makes it from what writes its records. */
export function makeWarnings(
  emit: (body: {
    readonly kind: 'warnings';
    readonly event: 'disabled' | 'enabled' | 'watched';
    readonly type: string;
    readonly name?: string;
    readonly pattern?: string;
    readonly severity?: 'warn' | 'fail';
  }) => void,
): Warnings {
  return {
    disable: (type) => emit({ kind: 'warnings', event: 'disabled', type }),
    enable: (type) => emit({ kind: 'warnings', event: 'enabled', type }),
    watch: (name, pattern, { severity = 'warn', type = name } = {}) =>
      emit({ kind: 'warnings', event: 'watched', type, name, pattern: pattern.source, severity }),
  };
}
