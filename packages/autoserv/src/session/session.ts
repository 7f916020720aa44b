import { randomUUID } from 'node:crypto';
import { messageOf, sleep, type CommandResult, type RecordBody } from '@autotest/core';
import { ClientLostError, HostLostError, SessionProtocolError } from '../errors.ts';
import { execOn } from '../hosts/exec.ts';
import type { HostProcess, HostTransport } from '../hosts/transport.ts';
import { whyKilled } from '../crash/why-killed.ts';
import { BootWait } from './boot-wait.ts';
import { callClient, deleteEnded, type ClientCall } from './client-command.ts';
import { followOnce, type FollowEnd } from './follow.ts';
import { installBases } from './host-paths.ts';
import { openSession } from './open.ts';
import { killMarked, sessionMarker } from './kill-marked.ts';
import { watchStop, type StopWatch } from './watch-stop.ts';
import type { SessionOptions } from './session-options.ts';
import { sessionSpec } from './session-spec.ts';
import { Mirror } from './mirror.ts';
import { TakeOver } from './take-over.ts';

/*
 * One client control file on one host, from installation to the last byte of its results.
 *
 *   open: install, start, follow ─ end, and the client said how it went ──────────────→ done
 *                       ↑  │── broken: reconnect (bounded), then follow again, or start again after another boot
 *                       │  └── end, and it waits for a reboot: wait for the host, start again
 *                       └─────────────────────────────────────────────────────────
 *   end without a word: ClientLostError · not back in time: HostLostError · told to stop: `stop` on the host, then follow to the end, bounded
 */

/** How the client says it went; absent fields it did not say. */
export interface SessionEnd {
  readonly exitClass?: string;
  readonly cause?: { readonly code: string; readonly message: string };
  readonly outcome?: string;
  readonly reason?: string;
}

/** Breaks without any progress between them, on a connection that stands. */
const maxIdleBreaks = 8;

export class Session {
  readonly #options: SessionOptions;
  readonly #mirror: Mirror;
  readonly #takeOver: TakeOver;
  /** Tells the session on the host from one of an earlier execution with the same results directory. */
  readonly #owner = randomUUID();
  #call: ClientCall | undefined;
  #isMade = false;
  /** The client is still to be started, or to be started again after a boot. */
  #toStart = false;
  #bootId: string | undefined;
  #stopSent: Promise<void> | undefined;
  #progress = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { recorder, resultsDir, label, below, scope, rename } = options;
    this.#mirror = new Mirror({
      root: resultsDir,
      label,
      below,
      maxBytes: options.about.maxResultsBytes,
      onProblem: (path, why) =>
        this.#record({
          kind: 'problem',
          source: `results of ${label}`,
          message: `${JSON.stringify(path.slice(0, 300))} was not taken: ${why}`,
        }),
    });
    this.#takeOver = new TakeOver({
      recorder,
      resultsDir,
      host: options.connection.spec.name,
      label,
      scope,
      below,
      ...(rename && { rename }),
    });
  }

  /**
   * Runs the control file to its end.
   *
   * @throws ClientLostError, HostLostError, HostUnfitError, TransferError, ResultsDiskFullError; the StopRequest when nothing was started before it came
   */
  async run(): Promise<SessionEnd> {
    const { signal } = this.#options.stopper;
    signal.throwIfAborted();
    this.#phase('installing');
    this.#toStart = true;
    return this.#toEnd();
  }

  /** Takes up a session that another autoserv left: stops its client and fetches what is there. False when the host knows no such session. */
  async gather(): Promise<boolean> {
    const { connection, stopper } = this.#options;
    const transport = await connection.connect({ signal: stopper.signal });
    if (!(await this.#open(transport, {}))) return false;
    this.#mirror.adopt('journal.ndjson');
    this.#takeOver.advance();
    if (this.#call)
      await callClient(transport, this.#call, 'stop', { arguments: ['--grace', '5'], timeout: 60_000 }).catch(
        (error: unknown) => this.#fault(error),
      );
    const end = await this.#follow(transport, AbortSignal.any([stopper.signal, AbortSignal.timeout(10 * 60_000)]));
    if (end.type === 'broken') this.#fault(new SessionProtocolError(this.#host, end.why));
    this.#takeOver.advance();
    return true;
  }

  /** Deletes a session that went to its end. False where that has to wait, because the host has crash dumps from its time. */
  async leave(): Promise<boolean> {
    const { connection } = this.#options;
    if (!this.#call || !this.#takeOver.end || !connection.connected) return true;
    try {
      const answer = await deleteEnded(await connection.connect(), this.#call, { evenWithDumps: false });
      if (answer === 'deleted') this.#call = undefined;
      return answer !== 'dumps';
    } catch (error) {
      this.#fault(error);
      return true;
    }
  }

  /** Deletes the session on the host, as well as possible, with all that it started. */
  async clean(timeoutMs = 60_000): Promise<void> {
    const { connection } = this.#options;
    if (!this.#call || !connection.connected) return;
    const call = this.#call;
    try {
      const transport = await connection.connect();
      if (this.#takeOver.end && (await deleteEnded(transport, call, { evenWithDumps: true })) === 'deleted') return;
      await callClient(transport, call, 'clean', { arguments: ['--grace', '5'], timeout: timeoutMs }).catch(
        async (error: unknown) => {
          // Perhaps the client's files were deleted; what runs of it is ended all the same.
          if (transport.kind === 'ssh') await killMarked(transport, sessionMarker, call.sessionDir);
          throw error;
        },
      );
    } catch (error) {
      this.#fault(error);
    }
  }

  close(): void {
    this.#mirror.close();
  }

  get #host(): string {
    return this.#options.connection.spec.name;
  }

  get #isLocal(): boolean {
    return this.#options.connection.spec.transport === 'local';
  }

  /** Makes the session, or finds it again after a break, with the client command that is wanted. False when the host has no such session. */
  async #open(
    transport: HostTransport,
    { make = false, ...rest }: { make?: boolean; command?: readonly string[]; request?: string },
  ): Promise<HostProcess | boolean> {
    const { connection, clientFile, stopper, bundle, name, resultsDir } = this.#options;
    const opened = await openSession(transport, {
      host: this.#host,
      clientFile,
      bases: installBases(connection.spec, resultsDir),
      // A stop must still reach what runs.
      signal: make ? stopper.signal : stopper.hard,
      onProgress: (message: string) => this.#phase('installing', message),
      name,
      owner: this.#owner,
      ...(make && { make: { spec: JSON.stringify(sessionSpec(this.#options)), bundle } }),
      ...rest,
    });
    if (!opened) return false;
    this.#call = opened.call;
    this.#isMade = true;
    this.#bootId ??= opened.bootId;
    return opened.process ?? true;
  }

  /** Follows through breaks and reboots until the client said how it went. */
  async #toEnd(): Promise<SessionEnd> {
    const stopped = this.#stopWhenAsked();
    try {
      for (let idleBreaks = 0; ;) {
        const before = this.#progress;
        const end = await this.#followFrom(stopped.limit);
        this.#takeOver.advance();
        if (end.type === 'end' && this.#takeOver.end) return this.#sessionEnd();
        if (end.type === 'end') {
          await this.#startAgain(end.exitCode, stopped.limit);
          continue;
        }
        idleBreaks = this.#progress > before ? 0 : idleBreaks + 1;
        if (idleBreaks > maxIdleBreaks) throw new SessionProtocolError(this.#host, end.why);
        await this.#reconnect(end.why, stopped.limit);
      }
    } finally {
      stopped.dispose();
      await this.#stopSent;
    }
  }

  async #followFrom(signal: AbortSignal): Promise<FollowEnd> {
    const transport = await this.#options.connection.connect({ signal });
    try {
      return await this.#follow(transport, signal);
    } catch (error) {
      if (error instanceof HostLostError || !transport.connected) return { type: 'broken', why: messageOf(error) };
      throw error;
    }
  }

  /** Starts the client where it has to be started, and follows it once. */
  async #follow(transport: HostTransport, signal: AbortSignal): Promise<FollowEnd> {
    const process = await this.#open(transport, {
      make: !this.#isMade,
      command: ['follow', ...(this.#toStart ? ['--start'] : [])],
      request: JSON.stringify({ have: this.#mirror.have() }),
    });
    if (typeof process === 'boolean')
      throw new ClientLostError(this.#host, `its session ${this.#options.name} was deleted there`);
    return followOnce(process, {
      host: this.#host,
      mirror: this.#mirror,
      signal,
      toStart: this.#toStart,
      onStarted: () => (this.#toStart = false),
      onJournal: () => {
        if (this.#takeOver.advance()) this.#progress++;
      },
      onGrowth: () => {
        this.#progress++;
        this.#options.onGrowth();
      },
      onBeat: () => {},
    });
  }

  /** The stream broke: connects again; after another boot the client is started again, which takes its control file up where it was. */
  async #reconnect(why: string, signal: AbortSignal): Promise<void> {
    const { connection } = this.#options;
    const rebooting = this.#takeOver.rebootStarted !== undefined;
    if (connection.connected && !this.#isLocal) connection.drop(why);
    if (this.#isLocal) await sleep(200, { signal });
    this.#phase(rebooting ? 'rebooting' : 'reconnecting', why);
    const transport = await (rebooting ? this.#bootWait(signal).connect() : connection.connect({ signal }));
    const bootId = await this.#readBootId(transport).catch(() => this.#bootId);
    if (bootId !== this.#bootId) this.#resumeAfterBoot(bootId);
    else this.#phase('running');
  }

  /** The client is gone without a last word: it waits for a reboot, or was killed. */
  async #startAgain(exitCode: number | undefined, signal: AbortSignal): Promise<void> {
    const { connection } = this.#options;
    const request = this.#options.stopper.request;
    if (request) throw request;
    if (!this.#takeOver.rebootStarted) {
      const how = exitCode === undefined ? 'it is gone without an exit code' : `it ended with exit code ${exitCode}`;
      const bootId = connection.connected
        ? await this.#readBootId(await connection.connect()).catch(() => this.#bootId)
        : this.#bootId;
      if (bootId === this.#bootId) throw new ClientLostError(this.#host, (await this.#whyKilled(signal)) ?? how);
      this.#resumeAfterBoot(bootId);
      return;
    }
    if (this.#simulatesReboot) {
      this.#resumeAfterBoot(this.#bootId);
      return;
    }
    this.#phase('rebooting');
    const read = (transport: HostTransport): Promise<string> => this.#readBootId(transport);
    this.#resumeAfterBoot(await this.#bootWait(signal).newBootId(this.#bootId, read));
  }

  #bootWait(signal: AbortSignal): BootWait {
    const { connection, rebootMs, wake } = this.#options;
    const note = (message: string): void =>
      this.#record({ kind: 'info', message: `${this.#host}: ${message}`.slice(0, 1000) });
    return new BootWait({ connection, rebootMs, wake, signal, note });
  }

  /** Why a client is gone, where the host can tell. */
  async #whyKilled(signal: AbortSignal): Promise<string | undefined> {
    const { connection, name } = this.#options;
    const { boot } = this.#takeOver;
    if (!boot || !this.#call || this.#isLocal) return undefined;
    try {
      const transport = await connection.connect({ withinMs: 10_000, signal });
      const spec = `${this.#call.sessionDir}/session.json`;
      const isThere = await execOn(transport, ['test', '-e', spec], { timeout: 10_000 });
      if (isThere.exitCode === 1) return `its session ${name} was deleted there`;
      return await whyKilled(transport, boot.pid, Date.now() - boot.t);
    } catch {
      return undefined;
    }
  }

  get #simulatesReboot(): boolean {
    return (
      (this.#options.connection.spec.attributes['reboot-command'] ?? (this.#isLocal ? 'simulate' : '')) === 'simulate'
    );
  }

  #resumeAfterBoot(bootId: string | undefined): void {
    this.#bootId = bootId;
    this.#phase('running', 'after a reboot');
    this.#toStart = true;
  }

  async #readBootId(transport: HostTransport): Promise<string> {
    const result: CommandResult = await execOn(transport, ['cat', '/proc/sys/kernel/random/boot_id'], {
      timeout: 30_000,
    });
    return result.stdout.trim();
  }

  #stopWhenAsked(): StopWatch {
    return watchStop(this.#options.stopper, (graceMs, withinMs) => {
      this.#stopSent = this.#sendStop(graceMs, withinMs);
    });
  }

  async #sendStop(graceMs: number, withinMs: number): Promise<void> {
    const { connection } = this.#options;
    if (!this.#call) return;
    try {
      const transport = await connection.connect({ withinMs });
      await callClient(transport, this.#call, 'stop', {
        arguments: [
          '--grace',
          String(graceMs / 1000),
          '--reason',
          this.#options.stopper.request?.message ?? 'the job was stopped',
        ],
        timeout: withinMs,
      });
    } catch (error) {
      this.#fault(error);
    }
  }

  #sessionEnd(): SessionEnd {
    const { end, jobEnd } = this.#takeOver;
    return {
      ...(end && { exitClass: end.exitClass, ...(end.cause && { cause: end.cause }) }),
      ...(jobEnd && { outcome: jobEnd.outcome, ...(jobEnd.reason !== undefined && { reason: jobEnd.reason }) }),
    };
  }

  #phase(phase: 'installing' | 'running' | 'rebooting' | 'reconnecting', message?: string): void {
    this.#record({
      kind: 'phase',
      phase,
      host: this.#host,
      ...(message !== undefined && { message: message.slice(0, 500) }),
    });
  }

  #fault(error: unknown): void {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'AT_INTERNAL';
    this.#record({ kind: 'fault', code, message: messageOf(error), host: this.#host });
  }

  #record(body: RecordBody): void {
    this.#options.recorder.append(body, this.#options.scope);
  }
}
