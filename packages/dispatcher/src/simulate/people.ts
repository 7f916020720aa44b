import { taskKinds, type Clock } from '@autotest/core';
import type { Database, HostRow, JobRow, NewJob } from '@autotest/core/db';
import { newJob, type Random } from '@autotest/core/testing';
import type { RealHosts } from './hosts.ts';
import type { Scenario, Workload } from './scenario.ts';

const bundleHash = 'simulated';
const admin = 'admin';

/** Those who use the lab: they submit jobs, change their minds, and take hosts out of service. They write rows, as frontends do. */
export class People {
  readonly jobIds: number[] = [];
  readonly #database: Database;
  readonly #random: Random;
  readonly #hosts: RealHosts;
  readonly #workload: Workload;
  readonly #clock: Clock;
  #groupId: number | undefined;

  constructor(database: Database, random: Random, hosts: RealHosts, workload: Workload, clock: Clock) {
    this.#database = database;
    this.#random = random;
    this.#hosts = hosts;
    this.#workload = workload;
    this.#clock = clock;
  }

  /** Hosts, users and shares. */
  async setUp({ hosts, workload }: Pick<Scenario, 'hosts' | 'workload'>): Promise<void> {
    const { database: db } = { database: this.#database };
    await db.bundles.put({ hash: bundleHash, fileName: 'control.ts', source: '', json: '{}', sizeBytes: 0 });
    let number = 0;
    for (const { labels, count } of hosts)
      for (let n = 0; n < count; n++) {
        const name = `host${++number}`;
        const reach = { transport: 'local', address: 'localhost', port: 0, user: 'test' } as const;
        const { id } = await db.hosts.add({ name, ...reach, labels: [...labels] }, admin);
        this.#hosts.add(id, name, labels, this.#random.split(name));
      }
    for (const { login, weight, maxHosts } of workload.owners) {
      if (weight === 1 && maxHosts === undefined) continue;
      await db.accounts.set({ name: login, weight, ...(maxHosts !== undefined && { maxHosts }) }, admin);
    }
  }

  /** Submits all jobs as time goes by. A clock that is coarse lets those of one moment come together, and none of them late. */
  begin(onError: (error: unknown) => void): void {
    let left = this.#workload.jobs;
    let dueMs = this.#clock.monotonicMs() + 1;
    const next = async (): Promise<void> => {
      for (; left > 0 && dueMs <= this.#clock.monotonicMs(); left--) {
        dueMs += this.#random.exponential(this.#workload.arrivalMs);
        await this.submit();
      }
      if (left > 0) this.#clock.setTimeout(() => void next().catch(onError), dueMs - this.#clock.monotonicMs());
    };
    this.#clock.setTimeout(() => void next().catch(onError), 1);
  }

  get isDone(): boolean {
    return this.jobIds.length >= this.#workload.jobs;
  }

  async submit(): Promise<void> {
    const draft = this.#draft();
    const { after: _after, ...plain } = draft;
    // A job that can never start any more is refused: then it is submitted without what it waits for.
    const { job } = await this.#database.jobs.submit(draft).catch(() => this.#database.jobs.submit(plain));
    this.jobIds.push(job.id);
  }

  /** Somebody does something of all that people can do. */
  async act(): Promise<void> {
    const random = this.#random;
    const host = await this.#database.hosts.byId(random.pick([...this.#hosts.byId.keys()]));
    if (!host) return;
    const acts: readonly (() => Promise<unknown>)[] = [
      () => this.#abortJob(),
      () => this.#abortJob(),
      () => this.#setLock(host),
      () => this.#database.hosts.update(host.id, { draining: !host.draining }, admin),
      () => this.#setReservation(host),
      () => this.#setLabels(host),
      () => this.#setQuarantine(host),
      () => this.#database.hosts.requestTask(host.id, random.pick(taskKinds.slice(0, 3)), admin),
      () => this.#setGroup(host),
      () => this.#setDraining(),
    ];
    await random.pick(acts)();
  }

  /** Takes back everything that keeps hosts and dispatchers out of service. */
  async makeAmends(): Promise<void> {
    const { hosts, access, scheduling } = this.#database;
    if (this.#groupId !== undefined) await access.remove(this.#groupId, admin);
    this.#groupId = undefined;
    for (const { id, labels } of this.#hosts.byId.values()) {
      await hosts.unlock(id, admin, { force: true });
      await hosts.release(id, admin, { force: true });
      await hosts.update(id, { labels: [...labels], draining: false, clearQuarantine: true }, admin);
    }
    for (const { id } of await scheduling.dispatchers()) await scheduling.setDraining(id, false, admin);
  }

  /** Nobody waits any longer for a host that does not come back: only whoever named it would. */
  async giveUpOn(hostId: number): Promise<void> {
    for (const { jobId, named, hostId: wanted } of await this.#database.jobs.entriesOf(this.jobIds))
      if (named && wanted === hostId) await this.#database.jobs.requestAbort(jobId, admin, 'its host is gone');
  }

  async #abortJob(): Promise<void> {
    if (this.jobIds.length > 0)
      await this.#database.jobs.requestAbort(this.#random.pick(this.jobIds), admin, 'nobody needs it');
  }

  #setLock(host: HostRow): Promise<HostRow> {
    const { hosts } = this.#database;
    if (host.lockedBy !== undefined) return hosts.unlock(host.id, admin, { force: true });
    const isLimited = this.#random.chance(0.5);
    const until = this.#clock.now() + this.#random.between(1000, 30_000);
    return hosts.lock(host.id, { reason: 'to look at it', ...(isLimited && { until }) }, admin);
  }

  #setReservation(host: HostRow): Promise<HostRow> {
    const { hosts } = this.#database;
    if (host.reservedBy !== undefined) return hosts.release(host.id, admin, { force: true });
    const by = this.#random.pick(this.#workload.owners).login;
    return hosts.reserve(host.id, { by, until: this.#clock.now() + this.#random.between(1000, 40_000) }, by);
  }

  #setLabels(host: HostRow): Promise<HostRow> {
    const full = this.#hosts.get(host.id).labels;
    const labels = host.labels.length < full.length ? full : full.slice(1);
    return this.#database.hosts.update(host.id, { labels: [...labels] }, admin);
  }

  #setQuarantine(host: HostRow): Promise<HostRow> {
    const isBad = host.quarantineReason === undefined;
    const patch = isBad ? { quarantineReason: 'it fails too often' } : { clearQuarantine: true };
    return this.#database.hosts.update(host.id, patch, admin);
  }

  async #setGroup(host: HostRow): Promise<void> {
    const { access } = this.#database;
    this.#groupId ??= (await access.create({ name: 'insiders' }, admin)).id;
    const login = this.#random.pick(this.#workload.owners).login;
    const isIn = this.#random.chance(0.5);
    const change = isIn ? { addHostIds: [host.id], addUsers: [login] } : { removeHostIds: [host.id] };
    await access.change(this.#groupId, change, admin);
  }

  async #setDraining(): Promise<void> {
    const { scheduling } = this.#database;
    const dispatchers = await scheduling.dispatchers();
    if (dispatchers.length === 0) return;
    const { id, draining } = this.#random.pick(dispatchers);
    await scheduling.setDraining(id, !draining && this.#random.chance(0.4), admin);
  }

  #draft(): NewJob {
    const random = this.#random;
    const { owners, priorities, needs, isVaried } = this.#workload;
    const plain = newJob({
      bundleHash,
      owner: random.pick(owners).login,
      priority: random.pick(priorities),
      runVerify: !isVaried || random.chance(0.6),
      anyHosts: 1,
    });
    const asked = random.pick(needs);
    const wanted = asked === '' ? plain : { ...plain, needs: asked };
    return isVaried ? this.#vary(wanted) : wanted;
  }

  /** Each job uses some of what jobs can. */
  #vary(job: NewJob): NewJob {
    const random = this.#random;
    const more: NewJob = {
      ...job,
      rebootBefore: random.pick(['never', 'ifDirty', 'always']),
      rebootAfter: random.pick(['never', 'ifFailed', 'always']),
      infraRetries: random.between(0, 2),
      retries: random.between(0, 1),
      // One that hangs is ended by this.
      maxRuntimeMs: random.between(4000, 30_000),
      ...(random.chance(0.15) && { timeoutMs: random.between(5000, 90_000) }),
      ...(random.chance(0.1) && { provision: random.pick(['image-1', 'image-2']) }),
      ...(random.chance(0.15) && { reserveOn: random.pick(['always', 'failure'] as const), reserveMs: 10_000 }),
      ...(random.chance(0.2) && this.jobIds.length > 0 && { after: [this.#dependency()] }),
    };
    const { needs: _needs, ...anywhere } = more;
    const kind = random.between(1, 10);
    const ids = [...this.#hosts.byId.keys()];
    if (kind === 1) return { ...anywhere, anyHosts: 0 };
    if (kind === 2) return { ...anywhere, anyHosts: 0, hostIds: [random.pick(ids)] };
    if (kind === 3) return { ...more, anyHosts: random.between(2, 3) };
    if (kind > 5) return more;
    // Hosts that start together, of one value where that is asked for.
    const size = 2;
    const together: NewJob = {
      ...anywhere,
      metadata: { ...anywhere.metadata, type: 'server' },
      syncCount: size,
      anyHosts: kind === 5 ? size * 2 : size,
    };
    if (random.chance(0.3)) return { ...together, hostIds: [random.pick(ids)], anyHosts: size - 1 };
    return random.chance(0.4) ? { ...together, sameValueOf: 'rack' } : together;
  }

  #dependency(): NonNullable<JobRow['after']>[number] {
    return { jobId: this.#random.pick(this.jobIds), when: this.#random.pick(['finished', 'passed'] as const) };
  }
}
