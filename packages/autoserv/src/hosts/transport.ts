import type { Readable, Writable } from 'node:stream';
import type { Command, Transport } from '@autotest/core';

/** How a process on a host ended. */
export interface ProcessEnd {
  /** Undefined when a signal ended it. */
  readonly exitCode?: number;
  readonly signal?: string;
}

/** A process that runs on a host. Its streams are to be read; it ends when its output was read and its exit is known. */
export interface HostProcess {
  /** On the host. Undefined where it was not asked for (`group: false`) or the process did not start. */
  pid(): Promise<number | undefined>;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects with HostLostError when the connection breaks before the end is known. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal (`TERM`, `KILL`, …) to the whole process group. Does nothing when it is gone. */
  kill(signal: string): Promise<void>;
  /** Kills what it left outside of its group, found by the environment that it handed down. Does nothing with `group: false`. */
  sweep(): Promise<void>;
  /** Lets go of it: closes the streams whatever the process does. */
  release(): void;
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Make it the leader of a group that can be killed. `false` saves a shell for processes that end when their stdin closes. @default true */
  readonly group?: boolean;
}

/** How autoserv reaches one host, after `connect`. One per connection: a lost one is replaced by a new one. */
export interface HostTransport {
  readonly kind: Transport;
  /** Address as people see it: `root@h1:22`, `this machine`. */
  readonly where: string;
  /** True until the connection is lost or closed. */
  readonly connected: boolean;
  /** Starts a process on the host. @throws HostLostError */
  spawn(command: Command, options?: SpawnOptions): Promise<HostProcess>;
  /** Calls back once when the connection is lost; not after `close`. */
  onLost(listener: (why: string) => void): void;
  /** Declares the connection lost: what runs on it rejects. */
  drop(why: string): void;
  close(): Promise<void>;
}
