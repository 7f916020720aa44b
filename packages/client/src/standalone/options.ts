import type { ControlType, JsonValue } from '@autotest/core';

/** What `runClientStandalone` needs to know. The caller has bundled the control file and checked its arguments. */
export interface ClientStandaloneOptions {
  /** Directory of results; each run has one below it, named by the tag. @default 'results' */
  readonly resultsRoot?: string;
  /** Name of the results directory. A run that is not continued takes `<tag>.2` and so on where it is there. @default 'default' */
  readonly tag?: string;
  /** Goes on with the newest run of the tag that has not ended. Control file and arguments are those of that run. @default false */
  readonly continue?: boolean;
  /** Needed unless an earlier run is continued. */
  readonly control?: StandaloneControl;
  readonly params?: Readonly<Record<string, JsonValue>>;
  /** Directories with further tests. */
  readonly testDirs?: readonly string[];
  /** Shell command for `job.reboot()`. @default the run ends with exit code 5 and says how to go on */
  readonly rebootCommand?: string;
  /** Where progress goes. @default process.stdout */
  readonly output?: { write(text: string): unknown; readonly isTTY?: boolean };
}

export interface StandaloneControl {
  readonly name: string;
  readonly type: ControlType;
  /** Directory that holds the written bundle; it is copied. */
  readonly bundleDir: string;
  /** Entry module, relative to `bundleDir`. */
  readonly entry: string;
  /** From keys of modules to files, relative to `bundleDir`. */
  readonly modules: Readonly<Record<string, string>>;
  /** The control file as it was written, kept with the results. */
  readonly source?: string;
  readonly onUnexpectedReboot?: 'continue' | 'retry' | 'stop';
}
