import { messageOf, sleep, type ClientSessionSpec, type CommandResult, type RecordBody } from '@autotest/core';
import { ClientLostError, HostLostError, SessionProtocolError } from '../errors.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { uploadFile } from '../hosts/upload.ts';
import type { Recorder } from '../execution/recorder.ts';
import type { Stopper } from '../execution/stop.ts';
import { callClient, type ClientCall } from './client-command.ts';
import { followOnce, type FollowEnd } from './follow.ts';
import { sessionDir } from './host-paths.ts';
import { installBundle, installClient, type Installation } from './install.ts';
import { Mirror } from './mirror.ts';
import { TakeOver } from './take-over.ts';

/*
 * One client control file on one host, from installation to the last byte of its results.
 *
 *   install → start → follow ─ end, and the client said how it went ──────────────→ done
 *                       ↑  │── broken: reconnect (bounded), then follow again, or start again after another boot
 *                       │  └── end, and it waits for a reboot: wait for the host, start again
 *                       └─────────────────────────────────────────────────────────
 *   end without a word: ClientLostError · not back in time: HostLostError · told to stop: `stop` on the host, then follow to the end, bounded
 */

export interface SessionOptions {
  readonly connection: HostConnection;
  readonly recorder: Recorder;
  readonly stopper: Stopper;
  readonly resultsDir: string;
  /** Name of the session directory on the host. */
  readonly name: string;
  /** Name of the session in files and records: the host's, with a number behind it from the second session on. */
  readonly label: string;
  /** Scope of the client's nodes. */
  readonly scope: readonly string[];
  /** Subdirectory for the host's files, `''` for none. */
  readonly below: string;
  readonly rename?: (name: string) => string;
  readonly clientFile: string;
  readonly bundle: {
    readonly dir: string;
    readonly hash: string;
    readonly entry: string;
    readonly modules: Readonly<Record<string, string>>;
    readonly source?: string;
  };
  readonly control: Pick<ClientSessionSpec['control'], 'name' | 'onUnexpectedReboot'>;
  readonly about: Pick<
    ClientSessionSpec,
    'tag' | 'epoch' | 'params' | 'job' | 'trace' | 'deadlineAt' | 'idleTimeoutMs' | 'maxResultsBytes' | 'testDirs'
  >;
  /** How long a host may take for a reboot that was asked for. */
  readonly rebootMs: number;
  /** A file of the results grew. */
  readonly onGrowth: () => void;
}

/** How the client says it went; absent fields it did not say. */
export interface SessionEnd {
  readonly exitClass?: string;
  readonly cause?: { readonly code: string; readonly message: string };
  readonly outcome?: string;
  readonly reason?: string;
}

const stopGraceSeconds = 20;
/** From the request to stop until the session is given up. */
const stopLimitMs = (stopGraceSeconds + 20) * 1000;
/** Breaks without any progress between them, on a connection that stands. */
const maxIdleBreaks = 8;

export class Session {
  readonly #options: SessionOptions;
  readonly #mirror: Mirror;
  readonly #takeOver: TakeOver;
  #installation: Installation | undefined;
  #call: ClientCall | undefined;
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
    await this.#install();
    signal.throwIfAborted();
    this.#phase('running');
    await this.#start();
    return this.#toEnd();
  }

  /** Takes up a session that another autoserv left: stops its client and fetches what is there. False when the host knows no such session. */
  async gather(): Promise<boolean> {
    const transport = await this.#options.connection.connect();
    this.#installation = await installClient(transport, this.#installOptions());
    this.#call = this.#clientCall(this.#installation);
    const there = await execOn(transport, `[ -e ${quoteWord(`${this.#call.sessionDir}/session.json`)} ]`, {
      timeout: 30_000,
    });
    if (there.exitCode !== 0) return false;
    this.#mirror.adopt('journal.ndjson');
    this.#takeOver.advance();
    await callClient(transport, this.#call, 'stop', { arguments: ['--grace', '5'], timeout: 60_000 }).catch(
      (error: unknown) => this.#fault(error),
    );
    const end = await this.#follow(transport);
    if (end.type === 'broken') this.#fault(new SessionProtocolError(this.#host, end.why));
    this.#takeOver.advance();
    return true;
  }

  /** Deletes the session on the host, as well as possible. */
  async clean(): Promise<void> {
    const { connection } = this.#options;
    if (!this.#call || !connection.connected) return;
    try {
      await callClient(await connection.connect(), this.#call, 'clean', {
        arguments: ['--grace', '5'],
        timeout: 60_000,
      });
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

  async #install(): Promise<void> {
    const { connection, bundle } = this.#options;
    this.#phase('installing');
    const transport = await connection.connect();
    const installation = await installClient(transport, this.#installOptions());
    this.#installation = installation;
    this.#call = this.#clientCall(installation);
    const bundleDir = await installBundle(transport, installation, bundle, this.#installOptions());
    // What has this session's name is of an earlier execution with the same results directory.
    await execOn(
      transport,
      `[ ! -e ${quoteWord(this.#call.sessionDir)} ] || rm -rf ${quoteWord(this.#call.sessionDir)}`,
      { timeout: 120_000 },
    );
    const spec = Buffer.from(`${JSON.stringify(this.#sessionSpec(installation, bundleDir), undefined, 2)}\n`);
    await uploadFile(transport, spec, `${this.#call.sessionDir}/session.json`, { host: this.#host, mode: 0o600 });
    if (bundle.source !== undefined) {
      await uploadFile(transport, Buffer.from(bundle.source), `${this.#call.sessionDir}/control.mjs`, {
        host: this.#host,
        mode: 0o600,
      });
    }
    this.#bootId = installation.probe?.bootId ?? (await this.#readBootId(transport));
  }

  #installOptions() {
    const { connection, clientFile, stopper } = this.#options;
    return {
      host: connection.spec.name,
      clientFile,
      signal: stopper.signal,
      onProgress: (message: string) => this.#phase('installing', message),
    };
  }

  #clientCall(installation: Installation): ClientCall {
    return {
      host: this.#host,
      node: installation.node,
      client: installation.client,
      sessionDir: sessionDir(installation.base, this.#options.name),
    };
  }

  #sessionSpec(installation: Installation, bundleDir: string): ClientSessionSpec {
    const { bundle, control, about, connection } = this.#options;
    const directory = sessionDir(installation.base, this.#options.name);
    return {
      version: 1,
      ...about,
      hostname: connection.spec.name,
      control: {
        ...control,
        type: 'client',
        entry: bundle.source === undefined ? `${bundleDir}/${bundle.entry}` : `${directory}/control.mjs`,
        modules: Object.fromEntries(Object.entries(bundle.modules).map(([key, path]) => [key, `${bundleDir}/${path}`])),
      },
      resultsDir: `${directory}/results`,
      cacheDir: `${installation.base}/cache`,
      reboot: connection.spec.attributes['reboot-command'] ?? (this.#isLocal ? 'simulate' : 'reboot'),
    };
  }

  async #start(): Promise<void> {
    if (!this.#call) throw new SessionProtocolError(this.#host, 'it was started before it was installed');
    const transport = await this.#options.connection.connect();
    await callClient(transport, this.#call, 'start', { timeout: 120_000 });
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
      if (error instanceof HostLostError) return { type: 'broken', why: error.message };
      throw error;
    }
  }

  #follow(transport: HostTransport, signal: AbortSignal = AbortSignal.timeout(10 * 60_000)): Promise<FollowEnd> {
    if (!this.#call) throw new SessionProtocolError(this.#host, 'it was followed before it was installed');
    return followOnce(transport, {
      call: this.#call,
      mirror: this.#mirror,
      signal,
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
    const { connection, rebootMs } = this.#options;
    const rebooting = this.#takeOver.rebootStarted !== undefined;
    if (connection.connected && !this.#isLocal) connection.drop(why);
    if (this.#isLocal) await sleep(200, { signal });
    this.#phase(rebooting ? 'rebooting' : 'reconnecting', why);
    const transport = await connection.connect({ signal, ...(rebooting && { withinMs: rebootMs }) });
    const bootId = await this.#readBootId(transport).catch(() => this.#bootId);
    if (bootId !== this.#bootId) await this.#resumeAfterBoot(bootId);
    else this.#phase('running');
  }

  /** The client is gone without a last word: it waits for a reboot, or was killed. */
  async #startAgain(exitCode: number | undefined, signal: AbortSignal): Promise<void> {
    const { connection, rebootMs } = this.#options;
    const request = this.#options.stopper.request;
    if (request) throw request;
    if (!this.#takeOver.rebootStarted) {
      const how = exitCode === undefined ? 'it is gone without an exit code' : `it ended with exit code ${exitCode}`;
      const bootId = connection.connected
        ? await this.#readBootId(await connection.connect()).catch(() => this.#bootId)
        : this.#bootId;
      if (bootId === this.#bootId) throw new ClientLostError(this.#host, how);
      await this.#resumeAfterBoot(bootId);
      return;
    }
    if (this.#simulatesReboot) {
      await this.#resumeAfterBoot(this.#bootId);
      return;
    }
    this.#phase('rebooting');
    const endsAt = Date.now() + rebootMs;
    while (Date.now() < endsAt) {
      signal.throwIfAborted();
      const transport = await connection.connect({ signal, withinMs: Math.max(1000, endsAt - Date.now()) });
      const bootId = await this.#readBootId(transport).catch(() => this.#bootId);
      if (bootId !== this.#bootId) return this.#resumeAfterBoot(bootId);
      await sleep(500, { signal });
    }
    throw new HostLostError(this.#host, `it did not reboot within ${Math.round(rebootMs / 1000)} s`);
  }

  get #simulatesReboot(): boolean {
    return (
      (this.#options.connection.spec.attributes['reboot-command'] ?? (this.#isLocal ? 'simulate' : '')) === 'simulate'
    );
  }

  async #resumeAfterBoot(bootId: string | undefined): Promise<void> {
    this.#bootId = bootId;
    this.#phase('running', 'after a reboot');
    await this.#start();
  }

  async #readBootId(transport: HostTransport): Promise<string> {
    const result: CommandResult = await execOn(transport, ['cat', '/proc/sys/kernel/random/boot_id'], {
      timeout: 30_000,
    });
    return result.stdout.trim();
  }

  /** On the first request the client is told to stop; what it still writes is fetched. `limit` ends even that. */
  #stopWhenAsked(): { limit: AbortSignal; dispose: () => void } {
    const { stopper } = this.#options;
    const limit = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const onStop = (): void => {
      timer = setTimeout(() => limit.abort(stopper.request), stopLimitMs);
      this.#stopSent = this.#sendStop(stopGraceSeconds);
    };
    const onHard = (): void => {
      void this.#sendStop(0);
      timer = setTimeout(() => limit.abort(stopper.request), 5000);
    };
    if (stopper.signal.aborted) onStop();
    else stopper.signal.addEventListener('abort', onStop, { once: true });
    stopper.hard.addEventListener('abort', onHard, { once: true });
    return {
      limit: limit.signal,
      dispose: () => {
        clearTimeout(timer);
        stopper.signal.removeEventListener('abort', onStop);
        stopper.hard.removeEventListener('abort', onHard);
      },
    };
  }

  async #sendStop(graceSeconds: number): Promise<void> {
    const { connection } = this.#options;
    if (!this.#call) return;
    try {
      const transport = await connection.connect({ withinMs: stopLimitMs });
      await callClient(transport, this.#call, 'stop', {
        arguments: [
          '--grace',
          String(graceSeconds),
          '--reason',
          this.#options.stopper.request?.message ?? 'the job was stopped',
        ],
        timeout: stopLimitMs,
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
