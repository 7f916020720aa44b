import { messageOf } from '../errors/autotest-error.ts';
import { formatDuration } from '../time/duration.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import { Health, type Damage, type PartHealth } from './health.ts';

/** A question to a part of the process or to what it needs. */
export interface HealthCheck {
  readonly name: string;
  /** How long the answer may take. @default 2 s */
  readonly timeoutMs?: number;
  /** Throws what is wrong; may give one line that tells more. */
  run(): Promise<string | void> | string | void;
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** Since when it is so, as far as anybody asked; ISO 8601. */
  readonly since: string;
  readonly message?: string;
}

/** What `/healthz` and `/readyz` say. */
export interface HealthReport {
  /** `degraded`: it does its work, and around something that is broken. */
  readonly status: 'ok' | 'degraded' | 'failing';
  readonly checks: readonly CheckResult[];
  /** Absent where nothing is. */
  readonly damage?: readonly (Omit<Damage, 'since'> & { readonly since: string })[];
  /** Damage that the list has no room for. */
  readonly moreDamage?: number;
}

const defaultTimeoutMs = 2000;

/**
 * Asks how a process is. `live`: is it alive, or does it have to be started again? That asks nobody outside: no restart mends a database. `ready`: can it do its work?
 *
 * A check that does not answer in time fails, and is not asked a second time while it still hangs.
 */
export class HealthChecks {
  readonly health: Health;
  readonly #clock: Clock;
  #checks: readonly HealthCheck[] = [];
  readonly #hanging = new Map<HealthCheck, Promise<Answer>>();
  readonly #last = new Map<HealthCheck, PartHealth>();

  constructor(health = new Health(), clock: Clock = systemClock) {
    this.health = health;
    this.#clock = clock;
  }

  /** Adds checks of readiness. Gives a function that takes them away. */
  add(...checks: readonly HealthCheck[]): () => void {
    this.#checks = [...this.#checks, ...checks];
    return () => {
      this.#checks = this.#checks.filter((check) => !checks.includes(check));
    };
  }

  live(): HealthReport {
    return toReport(this.health.beating());
  }

  async ready(): Promise<HealthReport> {
    const asked = await Promise.all(this.#checks.map((check) => this.#ask(check)));
    const { list, more } = this.health.damages();
    const report = toReport([...asked, ...this.health.parts(), ...this.health.beating()]);
    if (list.length === 0) return report;
    return {
      ...report,
      status: report.status === 'ok' ? 'degraded' : report.status,
      damage: list.map((damage) => ({ ...damage, since: isoTime(damage.since) })),
      ...(more > 0 && { moreDamage: more }),
    };
  }

  async #ask(check: HealthCheck): Promise<PartHealth> {
    const { ok, message } = await this.#answer(check);
    const before = this.#last.get(check);
    const since = before?.ok === ok ? before.since : this.#clock.now();
    const result = { part: check.name, ok, since, ...(message !== undefined && { message }) };
    this.#last.set(check, result);
    return result;
  }

  async #answer(check: HealthCheck): Promise<Answer> {
    const { timeoutMs = defaultTimeoutMs } = check;
    const answer = this.#hanging.get(check) ?? this.#start(check);
    const late = Promise.withResolvers<Answer>();
    const message = `There was no answer within ${formatDuration(timeoutMs)}.`;
    const callOff = this.#clock.setTimeout(() => late.resolve({ ok: false, message }), timeoutMs);
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      callOff();
    }
  }

  #start(check: HealthCheck): Promise<Answer> {
    const answer = answerOf(check).finally(() => this.#hanging.delete(check));
    this.#hanging.set(check, answer);
    return answer;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly message?: string;
}

async function answerOf(check: HealthCheck): Promise<Answer> {
  try {
    const message = await check.run();
    return { ok: true, ...(typeof message === 'string' && { message }) };
  } catch (error) {
    return { ok: false, message: messageOf(error) };
  }
}

function toReport(parts: readonly PartHealth[]): HealthReport {
  const checks = parts.map(({ part, since, ...rest }) => ({ name: part, ...rest, since: isoTime(since) }));
  return { status: checks.every(({ ok }) => ok) ? 'ok' : 'failing', checks };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
