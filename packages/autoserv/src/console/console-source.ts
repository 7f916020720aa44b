import type { Readable, Writable } from 'node:stream';
import { parseConsoleUrl, type ConsoleTarget, type HostSpec } from '@autotest/core';

/** One connection to a console. */
export interface ConsoleStream {
  readonly output: Readable;
  readonly input: Writable;
  /** Resolves when it is over, with what is known of why. */
  readonly ended: Promise<string>;
  close(): void;
}

/** Where a console is. It opens anew as often as it is asked. */
export interface ConsoleSource {
  /** For people, without secrets. */
  readonly where: string;
  /** @throws anything, when no connection comes about; must end when the signal fires */
  open(signal: AbortSignal): Promise<ConsoleStream>;
}

export interface SourceOptions {
  readonly host: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The source for a console URL. What one kind alone needs is loaded when it is opened. @throws DriverUrlError */
export function makeConsoleSource(host: Pick<HostSpec, 'name'>, url: string, env: NodeJS.ProcessEnv): ConsoleSource {
  const target = parseConsoleUrl(url, host.name);
  const options = { host: host.name, env };
  return { where: whereOf(target), open: (signal) => open(target, options, signal) };
}

function whereOf(target: ConsoleTarget): string {
  switch (target.kind) {
    case 'unix':
      return `unix://${target.path}`;
    case 'command':
      return `command:${target.name}`;
    case 'tcp':
    case 'telnet':
      return `${target.kind}://${target.address}:${target.port}`;
    default:
      return `${target.kind}://${target.user}@${target.address}:${target.port}`;
  }
}

function open(target: ConsoleTarget, options: SourceOptions, signal: AbortSignal): Promise<ConsoleStream> {
  switch (target.kind) {
    case 'tcp':
    case 'unix':
    case 'telnet':
      return import('./socket-source.ts').then((source) => source.openSocket(target, signal));
    case 'ipmi-sol':
      return import('./ipmi-sol-source.ts').then((source) => source.openSol(target, options, signal));
    case 'ssh':
      return import('./ssh-source.ts').then((source) => source.openSshConsole(target, options, signal));
    default:
      return import('./command-source.ts').then((source) => source.openCommand(target, options, signal));
  }
}
