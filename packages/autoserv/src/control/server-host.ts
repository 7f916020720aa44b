import {
  CommandError,
  parseDuration,
  sleep,
  type BackgroundCommand,
  type Command,
  type CommandResult,
  type Duration,
  type Host,
  type HostConsole,
  type HostRebootOptions,
  type Power,
  type RunOptions,
  type RunTestOptions,
  type TestOutcome,
  type TransferOptions,
} from '@autotest/core';
import type { ControlRuntime } from '@autotest/core/runtime';
import { HostUnfitError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { inNode, type StepResult } from '../execution/nodes.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { endGroup, execOn } from '../hosts/exec.ts';
import type { HostProcess } from '../hosts/transport.ts';
import { sessionPrefix } from '../session/host-paths.ts';
import { commandMarker, killMarked } from '../session/kill-marked.ts';
import { OutputSink } from '../hosts/output-sink.ts';
import { quoteWord, showCommand } from '../hosts/quote.ts';
import { getFiles } from '../hosts/transfer/get.ts';
import type { TransferReport, TransferSettings } from '../hosts/transfer/options.ts';
import { sendFiles } from '../hosts/transfer/send.ts';
import { transferSettings } from '../hosts/transfer/settings.ts';
import { bootIdNow, readBootId } from '../reboot/boot-facts.ts';
import { BootWatch } from '../reboot/boot-watch.ts';
import { rebootHost } from '../reboot/reboot-host.ts';
import { repairHost } from '../steps/repair/repair-host.ts';
import { hostUnderWork, runSteps } from '../steps/run-steps.ts';
import { loadUserSteps } from '../steps/user/load-user-steps.ts';
import { verifySteps } from '../steps/verify/verify-steps.ts';
import type { ClientRuns, RunTarget } from './client-runs.ts';
import { makeHostConsole } from './host-console.ts';
import { makeHostPower } from './host-power.ts';
import type { HostLog } from './host-log.ts';

export interface ServerHostOptions {
  readonly context: ExecutionContext;
  readonly runtime: ControlRuntime;
  readonly runs: ClientRuns;
  readonly log: HostLog;
  readonly connection: HostConnection;
  readonly target: RunTarget;
}

const defaultWait: Duration = '30 minutes';
const shortMs = 30_000;

/** A host of the execution, as a server control file drives it. Every call is a durable step. */
export class ServerHost implements Host {
  readonly name: string;
  readonly labels: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly power: Power;
  readonly console: HostConsole;
  readonly #options: ServerHostOptions;
  readonly #boots: BootWatch;
  readonly #tmpDirs: string[] = [];
  readonly #background = new Set<HostProcess>();
  #ranCommands = false;

  constructor(options: ServerHostOptions) {
    const { spec } = options.connection;
    this.#options = options;
    this.#boots = new BootWatch(options.context, options.connection);
    this.name = spec.name;
    this.labels = spec.labels;
    this.attributes = spec.attributes;
    const { context, runtime } = options;
    const { signal } = runtime.options;
    this.power = makeHostPower({
      spec,
      env: context.env,
      signal,
      step: (name, fn) => {
        this.#boots.expectBoot();
        return this.#step('host.power', name, fn);
      },
    });
    this.console = makeHostConsole({
      host: this.name,
      resultsDir: context.spec.resultsDir,
      signal,
      console: () => context.consoles?.of(this.name),
      step: (name, fn) => this.#step('host.console', name, fn),
    });
  }

  run(command: Command, options: RunOptions = {}): Promise<CommandResult> {
    return this.#step('host.run', options.label ?? showCommand(command), () => this.#exec(command, options));
  }

  async runCheck(command: Command, options: RunOptions = {}): Promise<CommandResult> {
    const result = await this.run(command, options);
    if (result.exitCode !== 0 || result.timedOut || result.aborted) throw new CommandError(result);
    return result;
  }

  async runBackground(command: Command, options: RunOptions = {}): Promise<BackgroundCommand> {
    const { runtime, connection, log } = this.#options;
    runtime.throwIfEnding();
    const startedAt = performance.now();
    log.line(this.name, `$ ${options.label ?? showCommand(command)} &`);
    const process = await connection.spawn(command, this.#marked(options));
    this.#background.add(process);
    const stdout = new OutputSink(options.maxOutputBytes ?? 1024 * 1024, options.maxOutputLines);
    const stderr = new OutputSink(options.maxOutputBytes ?? 1024 * 1024, options.maxOutputLines);
    for (const [stream, sink] of [
      [process.stdout, stdout],
      [process.stderr, stderr],
    ] as const) {
      stream.on('data', (chunk: Buffer) => {
        sink.push(chunk);
        if (options.tee !== false) log.write(this.name, chunk);
      });
    }
    process.stdin.end(options.stdin ?? '');
    const pid = await process.pid();
    if (pid === undefined)
      throw new HostUnfitError(
        this.name,
        'the process id of a command is not known',
        'Look whether its /bin/sh works.',
      );
    let stopped: 'aborted' | 'timedOut' | undefined;
    const stop = (why: 'aborted' | 'timedOut'): void => {
      stopped ??= why;
      endGroup(process).catch(() => {});
    };
    const timer = setTimeout(stop, Math.min(parseDuration(options.timeout ?? '1 hour'), 2 ** 31 - 1), 'timedOut');
    const signals = [runtime.options.signal, ...(options.signal ? [options.signal] : [])];
    AbortSignal.any(signals).addEventListener('abort', () => stop('aborted'), { once: true });
    const result = process.ended.then((end): CommandResult => {
      clearTimeout(timer);
      return {
        command: options.label ?? showCommand(command),
        ...end,
        stdout: stdout.text(),
        stderr: stderr.text(),
        truncatedBytes: stdout.droppedBytes + stderr.droppedBytes,
        durationMs: Math.round(performance.now() - startedAt),
        timedOut: stopped === 'timedOut',
        aborted: stopped === 'aborted',
      };
    });
    // Whoever does not look at the result must not be punished for it.
    const onEnd = (): void => {
      clearTimeout(timer);
      this.#background.delete(process);
    };
    result.then(onEnd, onEnd);
    return { pid, result, kill: (signal = 'TERM') => process.kill(signal.replace(/^SIG/, '')) };
  }

  sendFile(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    return this.#step('host.sendFile', destination, async () =>
      this.#tellRefusals(await sendFiles(this.#options.connection, source, destination, this.#settings(options))),
    );
  }

  getFile(source: string, destination: string, options: TransferOptions = {}): Promise<void> {
    return this.#step('host.getFile', source, async () =>
      this.#tellRefusals(await getFiles(this.#options.connection, source, destination, this.#settings(options))),
    );
  }

  reboot(options: HostRebootOptions = {}): Promise<void> {
    const { context, connection } = this.#options;
    return this.#step('host.reboot', '', async () => {
      const { scope } = this.#options.runtime;
      this.#boots.expectBoot();
      const { changes } = await rebootHost(context, connection, {
        scope: scope.path,
        ...(options.command !== undefined && { command: options.command }),
        ...(options.timeout !== undefined && { timeoutMs: parseDuration(options.timeout) }),
        ...(options.kernel !== undefined && { kernel: options.kernel }),
      });
      if (changes.length === 0) return;
      const name = 'reboot.verify_config';
      const reason = changes.join('; ');
      context.recorder.append({ kind: 'node.result', node: 'subtest', name, outcome: 'warn', reason }, [
        ...scope.path,
        scope.uniqueName(name),
      ]);
      scope.outcomes.push('warn');
    });
  }

  waitUp(timeout: Duration = defaultWait): Promise<void> {
    const { connection, runtime } = this.#options;
    return this.#step('host.waitUp', '', async () => {
      await connection.connect({ withinMs: parseDuration(timeout), signal: runtime.options.signal });
    });
  }

  waitDown(timeout: Duration = defaultWait): Promise<void> {
    const { connection } = this.#options;
    return this.#step('host.waitDown', '', async () => {
      const endsAt = Date.now() + parseDuration(timeout);
      const before = await bootIdNow(connection);
      if (before === undefined) return;
      for (;;) {
        if ((await bootIdNow(connection)) !== before) return;
        if (Date.now() >= endsAt)
          throw new HostUnfitError(this.name, 'it did not go down in time', 'Look at its console.');
        await sleep(1000, { signal: this.#options.runtime.options.signal });
      }
    });
  }

  bootId(): Promise<string> {
    return this.#step('host.bootId', '', () => readBootId(this.#options.connection));
  }

  isUp(): Promise<boolean> {
    return this.#step('host.isUp', '', async () => (await bootIdNow(this.#options.connection)) !== undefined);
  }

  kernelVersion(): Promise<string> {
    return this.#fact('uname -r');
  }

  arch(): Promise<string> {
    return this.#fact('uname -m');
  }

  async cpuCount(): Promise<number> {
    return Number(await this.#fact('nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo'));
  }

  async memory(): Promise<number> {
    return Number(await this.#fact("awk '/^MemTotal:/{print $2}' /proc/meminfo")) * 1024;
  }

  async diskFree(path = '/'): Promise<number> {
    return Number(await this.#fact(`df -Pk ${quoteWord(path)} | awk 'NR==2{print $4}'`)) * 1024;
  }

  tmpDir(): Promise<string> {
    return this.#step('host.tmpDir', '', async () => {
      const result = await this.#exec('mktemp -d "${TMPDIR:-/tmp}/autotest.XXXXXXXX"', {
        timeout: shortMs,
        tee: false,
      });
      const directory = result.stdout.trim();
      if (result.exitCode !== 0 || !/^\/.*\/autotest\.\w+$/.test(directory)) throw new CommandError(result);
      this.#tmpDirs.push(directory);
      return directory;
    });
  }

  runTest(
    nameOrPath: string,
    params?: Readonly<Record<string, unknown>>,
    options?: RunTestOptions,
  ): Promise<TestOutcome> {
    return this.#inHostNode(() => this.#options.runs.runTest(this.#options.target, nameOrPath, params, options));
  }

  runControl(path: string, params?: Readonly<Record<string, unknown>>): Promise<TestOutcome> {
    return this.#inHostNode(() => this.#options.runs.runControl(this.#options.target, path, params));
  }

  verify(): Promise<void> {
    return this.#step('host.verify', '', () =>
      this.#inStepsNode('verify', async (scope) => {
        const { context, connection } = this.#options;
        const added = await loadUserSteps(context);
        return runSteps(hostUnderWork(context, connection.spec), scope, [...verifySteps(), ...added.verify]);
      }),
    );
  }

  repair(): Promise<void> {
    return this.#step('host.repair', '', () =>
      this.#inStepsNode('repair', async (scope) => {
        const { context, connection } = this.#options;
        return repairHost(hostUnderWork(context, connection.spec), scope, await loadUserSteps(context));
      }),
    );
  }

  /** Ends what still runs in the background, and where the job was stopped all that its commands left; deletes what the host was lent. */
  async dispose(): Promise<void> {
    const { connection, context } = this.#options;
    const { stopper } = context;
    if (!connection.connected) return;
    await Promise.allSettled(
      [...this.#background].map((process) => endGroup(process, stopper.hard.aborted ? 0 : undefined)),
    );
    if (stopper.request) await this.killAll();
    if (this.#tmpDirs.length === 0 || !connection.connected) return;
    await connection.exec(['rm', '-rf', '--', ...this.#tmpDirs], { timeout: 300_000 });
  }

  /** Kills everything that commands of this execution started and left. */
  async killAll(): Promise<void> {
    const { connection, context } = this.#options;
    if (this.#ranCommands && connection.connected)
      await killMarked(await connection.connect(), commandMarker, sessionPrefix(context.spec.resultsDir));
  }

  #step<T>(kind: string, name: string, fn: () => Promise<T>): Promise<T> {
    return this.#options.runtime.step(kind, name === '' ? this.name : `${this.name}: ${name}`.slice(0, 200), fn);
  }

  async #exec(command: Command, options: RunOptions): Promise<CommandResult> {
    const { connection, runtime, log } = this.#options;
    const { tee, signal, ...rest } = options;
    const transport = await connection.connect({ signal: runtime.options.signal });
    await this.#boots.look(transport, runtime.scope.path);
    if (tee !== false) log.line(this.name, `$ ${options.label ?? showCommand(command)}`);
    return execOn(transport, command, {
      ...this.#marked(rest),
      signal: signal ? AbortSignal.any([signal, runtime.options.signal]) : runtime.options.signal,
      ...(tee !== false && { onOutput: (_, chunk) => log.write(this.name, chunk) }),
    });
  }

  /** What the command starts can be found again, wherever it puts itself. */
  #marked<T extends Pick<RunOptions, 'env'>>(options: T): T {
    this.#ranCommands = true;
    const { resultsDir } = this.#options.context.spec;
    return { ...options, env: { [commandMarker]: sessionPrefix(resultsDir), ...options.env } };
  }

  async #fact(command: string): Promise<string> {
    const result = await this.#step('host.fact', command, () => this.#exec(command, { timeout: shortMs, tee: false }));
    if (result.exitCode !== 0) throw new CommandError(result);
    return result.stdout.trim();
  }

  /** What runs on the host stands below a node of the host; where the caller is in one already, that one. */
  async #inHostNode<T>(fn: () => Promise<T>): Promise<T> {
    const { runtime } = this.#options;
    if (runtime.scope.path.some((name) => name === this.name || name.startsWith(`${this.name}#`))) return fn();
    return runtime.node('host', this.name, fn, { host: this.name, subdir: this.name });
  }

  async #inStepsNode(kind: string, work: (scope: readonly string[]) => Promise<StepResult>): Promise<void> {
    const { scope } = this.#options.runtime;
    const path = [...scope.path, scope.uniqueName(kind)];
    await inNode(this.#options.context.recorder, path, { node: 'group', host: this.name }, () => work(path));
  }

  /** What a host offers and nobody should take is no failure of the copy, but must not go unseen. */
  #tellRefusals({ refused }: TransferReport): void {
    for (const { path, why } of refused)
      this.#options.log.line(this.name, `not copied: ${JSON.stringify(path)}: ${why}`);
  }

  #settings(options: TransferOptions): TransferSettings {
    return transferSettings(options, this.#options.runtime.options.signal);
  }
}
