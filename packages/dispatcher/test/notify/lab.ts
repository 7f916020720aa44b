import { createLog, type EntryOutcome, type JournalRecord, type RecordBody } from '@autotest/core';
import type {
  Database,
  DeliveryRow,
  HostRow,
  JobRow,
  NewJob,
  NewNotificationRule,
  NotificationRuleRow,
} from '@autotest/core/db';
import { makeTestDatabase, newJob } from '@autotest/core/testing';
import { expect, onTestFinished } from 'vitest';
import { startNotifier, type Notifier, type NotifierConfig, type NotifierLimits } from '../../src/index.ts';

/** Tests as a journal tells of them. */
export interface ShownTest {
  readonly name: string;
  readonly outcome: 'pass' | 'fail' | 'error' | 'skip';
  readonly reason?: string;
}

export const secret = `whsec_${Buffer.from('a secret of thirty-two bytes ...').toString('base64')}`;

/** A database, jobs that run through it as a dispatcher moves them, and notifiers. All of it ends with the test. */
export class Lab {
  readonly database: Database;
  readonly log: string[] = [];
  #nextHost = 1;

  constructor(database: Database) {
    this.database = database;
  }

  static async open(): Promise<Lab> {
    const database = await makeTestDatabase();
    onTestFinished(() => database.close());
    return new Lab(database);
  }

  start({ limits, ...config }: NotifierConfig = {}): Notifier {
    const quick: Partial<NotifierLimits> = { firstRetryMs: 20, maxRetryMs: 40, pollMs: 20, ...limits };
    const notifier = startNotifier({
      database: this.database,
      log: createLog({ level: 'debug', write: (line) => this.log.push(line) }),
      config: { allowPrivateTargets: true, ...config, limits: quick },
    });
    // Registered later than the end of the database, so done before it.
    onTestFinished(async () => {
      await notifier.stop();
      // It gets over most errors; that there was one is a failure all the same.
      expect(this.log.filter((line) => line.includes(' ERROR '))).toEqual([]);
    });
    return notifier;
  }

  webhook(target: string, more: Partial<NewNotificationRule> = {}): Promise<NotificationRuleRow> {
    return this.database.notifications.addRule({ owner: 'anna', channel: 'webhook', target, secret, ...more });
  }

  mail(target: string, more: Partial<NewNotificationRule> = {}): Promise<NotificationRuleRow> {
    return this.database.notifications.addRule({ owner: 'anna', channel: 'mail', target, ...more });
  }

  addHost(name = `h${this.#nextHost++}`): Promise<HostRow> {
    return this.database.hosts.add({ name, transport: 'local', address: 'localhost', port: 0, user: 'u' }, 'anna');
  }

  /** A job from its submission to its end. */
  async runJob(
    wish: Partial<NewJob> & { outcome?: EntryOutcome; tests?: readonly ShownTest[]; host?: HostRow } = {},
  ): Promise<JobRow> {
    const { outcome = 'passed', tests = [], host = await this.addHost(), ...job } = wish;
    const { bundles, jobs, scheduling } = this.database;
    await bundles.put({ hash: 'sha256:x', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 2 });
    const submitted = await jobs.submit(newJob({ owner: 'anna', bundleHash: 'sha256:x', hostIds: [host.id], ...job }));
    const [entry] = submitted.entries;
    if (!entry) throw new Error('the job has no entry');
    const { leases } = await scheduling.reload({ hosts: [host.id] });
    const started = await scheduling.write((change) => {
      const lease = change.takeLease(leases[0], host.id, { kind: 'entry', id: entry.id }, 'd1');
      const execution = change.addExecution({
        purpose: 'job',
        jobId: entry.jobId,
        attempt: 1,
        epoch: lease.epoch,
        tag: 'x',
        resultsDir: '/nowhere',
        socketPath: '/nowhere',
        dispatcherId: 'd1',
      });
      let row = change.moveEntry(entry, 'assign', { hostId: host.id });
      row = change.moveEntry(row, 'host_ready');
      row = change.moveEntry(row, 'launch', { executionId: execution.id });
      return { lease, execution, row };
    });
    if (!started) throw new Error('the job did not start');
    const { lease, execution } = started;
    const running = await scheduling.write((change) => change.moveEntry(started.row, 'started'));
    if (!running) throw new Error('the job does not run');
    const records = tests.flatMap((shown, n) => recordsOf(shown, host.name, 2 * n + 1, lease.epoch));
    await scheduling.ingest(execution.id, { fromOffset: 0, toOffset: 1, records });
    await scheduling.write((change) => {
      const cause =
        outcome === 'error' ? { cause: { code: 'AT_HOST_LOST', message: 'no answer <b>for</b> 5 min' } } : {};
      let row = change.moveEntry(running, 'end', { outcome, ...cause });
      row = change.moveEntry(row, 'gathered');
      row = change.moveEntry(row, 'parsed');
      change.moveEntry(row, 'archived');
      change.releaseLease(lease);
    });
    const finished = await jobs.byId(submitted.job.id);
    if (finished?.state !== 'finished') throw new Error('the job did not finish');
    return finished;
  }

  async setAside(host: HostRow, reason: string): Promise<void> {
    await this.database.scheduling.write((change) =>
      change.moveHost(change.moveHost(host, 'repair'), 'set_aside', { reason }),
    );
  }

  /** The deliveries, oldest first, when they are as many and all of them in this state. */
  untilDeliveries(count: number, state: DeliveryRow['state'] = 'sent'): Promise<DeliveryRow[]> {
    return this.until(`${count} deliveries ${state}`, async () => {
      const rows = await this.database.notifications.deliveries({ first: 1000 });
      return rows.length === count && rows.every((row) => row.state === state) && rows.toReversed();
    });
  }

  async until<T>(what: string, look: () => Promise<T | false | undefined> | T | false | undefined): Promise<T> {
    const end = Date.now() + 30_000;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > end) {
        const rows = await this.database.notifications.deliveries({ first: 20 });
        throw new Error(
          `${what} did not come about:\n${JSON.stringify(rows, null, 1)}\n${this.log.slice(-40).join('\n')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function recordsOf({ name, outcome, reason }: ShownTest, host: string, seq: number, epoch: number): JournalRecord[] {
  const bodies: RecordBody[] = [
    { kind: 'node.start', node: 'test', name, host },
    { kind: 'node.end', outcome, ...(reason !== undefined && { reason }) },
  ];
  return bodies.map((body, n) => ({ v: 1, seq: seq + n, t: Date.now(), epoch, scope: [name], ...body }));
}
