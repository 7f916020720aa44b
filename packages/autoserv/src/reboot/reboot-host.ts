import { formatDuration, messageOf, NotSupportedError, sleep } from '@autotest/core';
import { consoleOf } from '../console/console-of.ts';
import { HostLostError, HostUnfitError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { powerOf } from '../power/power-of.ts';
import { bootIdNow, lostMounts, readBootFacts, type BootFacts } from './boot-facts.ts';
import { powerRung, rebootRungs, type RebootRung } from './rungs.ts';

export interface RebootHostOptions {
  /** Instead of what the host's attribute `reboot-command` says, and of all rougher ways on the host. */
  readonly command?: string;
  /** For everything together. @default `rebootMs` of the settings */
  readonly timeoutMs?: number;
  /** The kernel (`uname -r`) that must run afterwards. */
  readonly kernel?: string | RegExp;
  /** Node of the result tree that it belongs to. */
  readonly scope?: readonly string[];
}

/** How a reboot went. */
export interface RebootReport {
  readonly bootId: string;
  readonly kernel: string;
  /** Names of what was tried; the last one helped. */
  readonly rungs: readonly string[];
  /** What the host lacks now, in words. */
  readonly changes: readonly string[];
}

const pollMs = 500;

/**
 * Reboots a host and waits until it answers with another boot id: only that proves a reboot. Where it does not go down, rougher ways are tried one after another; where it
 * went down and does not come up, its power is cycled once. Each step is recorded, and a failure carries what the console said last.
 *
 * @throws NotSupportedError for this machine; HostLostError when it does not come back in time; HostUnfitError when another kernel runs than the one asked for
 */
export async function rebootHost(
  context: ExecutionContext,
  connection: HostConnection,
  options: RebootHostOptions = {},
): Promise<RebootReport> {
  const { spec } = connection;
  if (spec.transport === 'local' || (options.command ?? spec.attributes['reboot-command']) === 'simulate')
    throw new NotSupportedError(`Rebooting ${spec.name}`, 'Use a host that is reached over SSH.');
  return new Reboot(context, connection, options).run();
}

/**
 * Makes a host boot that does not answer: cycles its power and waits until it is there.
 *
 * @throws NotSupportedError where it has no power driver, or is protected; HostLostError when it does not come back in time
 */
export async function powerCycleHost(
  context: ExecutionContext,
  connection: HostConnection,
  options: Pick<RebootHostOptions, 'timeoutMs' | 'scope'> = {},
): Promise<RebootReport> {
  const { spec } = connection;
  const rungs = powerRung(spec, powerOf(context, spec));
  if (rungs.length === 0)
    throw new NotSupportedError(
      `Cycling the power of ${spec.name}`,
      'Give the host an attribute `power`, and the protection `none`.',
    );
  return new Reboot(context, connection, options).run(rungs);
}

/**
 * going down   a rung was tried and the host still tells the old boot id: after `rebootStepMs` the next one
 * down         it does not answer: after `bootMs` its power is cycled, once
 * up           it tells another boot id
 */
class Reboot {
  readonly #context: ExecutionContext;
  readonly #connection: HostConnection;
  readonly #options: RebootHostOptions;
  readonly #endsAt: number;
  readonly #startedAt = performance.now();
  readonly #tried: string[] = [];
  readonly #timeoutMs: number;

  constructor(context: ExecutionContext, connection: HostConnection, options: RebootHostOptions) {
    this.#context = context;
    this.#connection = connection;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? context.settings.rebootMs;
    this.#endsAt = this.#startedAt + this.#timeoutMs;
  }

  async run(only?: readonly RebootRung[]): Promise<RebootReport> {
    const { recorder } = this.#context;
    const { spec } = this.#connection;
    const before = await this.#before(only !== undefined);
    const host = spec.name;
    recorder.append(
      { kind: 'reboot', event: 'start', host, ...(before.bootId !== '' && { bootId: before.bootId }) },
      this.#options.scope,
    );
    recorder.append({ kind: 'phase', phase: 'rebooting', host }, this.#options.scope);
    const rungs = [...(only ?? rebootRungs(spec, this.#options.command, powerOf(this.#context, spec)))];
    await this.#climb(rungs, before.bootId);
    const after = await this.#after();
    const report: RebootReport = {
      bootId: after.bootId,
      kernel: after.kernel,
      rungs: this.#tried,
      changes: lostMounts(before, after).map((mount) => `${mount} is no longer mounted`),
    };
    const message = report.changes.join('; ');
    recorder.append(
      { kind: 'reboot', event: 'verify', host, bootId: after.bootId, ...(message !== '' && { message }) },
      this.#options.scope,
    );
    this.#checkKernel(after.kernel);
    recorder.append(
      {
        kind: 'reboot',
        event: 'end',
        host,
        bootId: after.bootId,
        message: `${this.#tried.join(', then ')}, ${formatDuration(Math.round(performance.now() - this.#startedAt))}, kernel ${after.kernel}`,
      },
      this.#options.scope,
    );
    return report;
  }

  /** A host that is to be power-cycled need not answer. */
  async #before(mayBeDown: boolean): Promise<BootFacts> {
    if (!mayBeDown) return readBootFacts(this.#connection);
    return { bootId: (await bootIdNow(this.#connection).catch(() => undefined)) ?? '', kernel: '', mounts: [] };
  }

  async #climb(rungs: RebootRung[], before: string): Promise<void> {
    const { settings, stopper } = this.#context;
    let seenAt = performance.now();
    let rungAt = -Infinity;
    while (performance.now() < this.#endsAt) {
      const isDown = performance.now() - seenAt > settings.bootMs;
      const isStuck = !isDown && performance.now() - rungAt > settings.rebootStepMs && this.#seenSince(seenAt, rungAt);
      if (isStuck || isDown) {
        const rung = isDown ? rungs.findLast(({ act }) => act) : rungs[0];
        if (rung) {
          rungs.splice(0, rungs.indexOf(rung) + 1);
          await this.#try(rung);
          rungAt = performance.now();
          if (isDown) seenAt = rungAt;
        }
      }
      await sleep(pollMs, { signal: stopper.signal });
      const now = await bootIdNow(this.#connection, stopper.signal);
      if (now !== undefined && now !== before) return;
      if (now !== undefined) seenAt = performance.now();
    }
    throw this.#lost();
  }

  /** The first rung is tried at once; a later one only while the host still answers as before, or never did. */
  #seenSince(seenAt: number, rungAt: number): boolean {
    return rungAt === -Infinity || seenAt > rungAt;
  }

  async #try(rung: RebootRung): Promise<void> {
    const { recorder, stopper } = this.#context;
    const { name } = this.#connection.spec;
    if (this.#tried.length > 0)
      recorder.append(
        { kind: 'info', message: `${name} did not boot after: ${this.#tried.at(-1)}; now: ${rung.name}` },
        this.#options.scope,
      );
    this.#tried.push(rung.name);
    try {
      // Detached: the command must not die with the connection that it takes away.
      if (rung.command !== undefined)
        await this.#connection.exec(`(sleep 1; ${rung.command}) </dev/null >/dev/null 2>&1 &`, {
          timeout: 30_000,
          signal: stopper.signal,
        });
      await rung.act?.(stopper.signal);
    } catch (error) {
      stopper.signal.throwIfAborted();
      recorder.append(
        { kind: 'problem', source: `${rung.name} of ${name}`, message: messageOf(error).slice(0, 1000) },
        this.#options.scope,
      );
    }
  }

  async #after(): Promise<BootFacts> {
    const { stopper } = this.#context;
    for (;;) {
      try {
        const facts = await readBootFacts(this.#connection);
        if (facts.bootId !== '') return facts;
      } catch (error) {
        if (performance.now() > this.#endsAt) throw error;
      }
      if (performance.now() > this.#endsAt) throw this.#lost();
      await sleep(pollMs, { signal: stopper.signal });
    }
  }

  #checkKernel(kernel: string): void {
    const { kernel: wanted } = this.#options;
    if (wanted === undefined) return;
    if (typeof wanted === 'string' ? wanted === kernel : wanted.test(kernel)) return;
    throw new HostUnfitError(
      this.#connection.spec.name,
      `it booted the kernel ${kernel}, not ${String(wanted)}`,
      'Look at its boot loader and its console.',
    );
  }

  #lost(): HostLostError {
    const { spec } = this.#connection;
    const said = consoleOf(this.#context, spec.name)?.tail(5);
    const evidence = said ? `; its console said last: ${said.join(' | ').slice(-600)}` : '';
    return new HostLostError(
      spec.name,
      `it did not come back from ${this.#tried.join(', ')} within ${formatDuration(this.#timeoutMs)}${evidence}`,
    );
  }
}
