import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { messageOf } from '../errors/autotest-error.ts';
import { TestServiceError } from './errors.ts';
import { findServices } from './services.ts';

/** A Slurm cluster of a test: controller and one node with 64 slots, on this machine. */
export interface TestSlurm {
  readonly confFile: string;
  /** Runs one of Slurm's programs and gives its output. */
  run(program: string, ...args: string[]): Promise<string>;
  /** Ends the controller, which writes its state first: killed, it would forget the jobs of the last seconds. Jobs go on. */
  stopController(): Promise<void>;
  /** Resolves when it answers. */
  startController(): Promise<void>;
  /** Stops everything, jobs too, and deletes its files. */
  stop(): Promise<void>;
}

export interface SlurmTestOptions {
  /**
   * The node is like another machine: it has a host name and processes of its own, and does not see what is in these directories. Needs root.
   */
  readonly elsewhere?: { readonly hidden: readonly string[] };
}

const run = promisify(execFile);
const startLimitMs = 30_000;

/**
 * Starts munged, slurmctld and slurmd of one's own on the loopback interface, with files in a temporary directory. Jobs start within about a second.
 *
 * @throws TestServiceError where Slurm is not installed or does not start.
 */
export async function startSlurm(options: SlurmTestOptions = {}): Promise<TestSlurm> {
  const { slurmctld, slurmd, munged } = findServices();
  if (slurmctld === undefined || slurmd === undefined || munged === undefined)
    throw new TestServiceError('Slurm', 'it is not installed; install slurmctld, slurmd, slurm-client and munge.');
  const directory = await mkdtemp(join(tmpdir(), 'autotest-slurm-'));
  const cluster = new Cluster(directory, { slurmctld, slurmd, munged }, options);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    const logs = await cluster.logs();
    await cluster.stop();
    throw new TestServiceError('Slurm', `${messageOf(error)}\n${logs}`, error);
  }
}

class Cluster implements TestSlurm {
  readonly confFile: string;
  readonly #directory: string;
  readonly #programs: { readonly slurmctld: string; readonly slurmd: string; readonly munged: string };
  readonly #options: SlurmTestOptions;
  readonly #node: string;
  #munge: ChildProcess | undefined;
  #controller: ChildProcess | undefined;
  #slurmd: ChildProcess | undefined;

  constructor(
    directory: string,
    programs: { readonly slurmctld: string; readonly slurmd: string; readonly munged: string },
    options: SlurmTestOptions,
  ) {
    this.#directory = directory;
    this.#programs = programs;
    this.#options = options;
    this.#node = options.elsewhere ? 'elsewhere' : hostname();
    this.confFile = join(directory, 'slurm.conf');
  }

  async start(): Promise<void> {
    // Everybody who speaks with munged needs the way to its socket.
    await chmod(this.#directory, 0o755);
    for (const name of ['munge', 'state', 'spool']) await mkdir(this.#file(name), { mode: 0o711 });
    await writeFile(this.#file('munge/key'), randomBytes(64), { mode: 0o400 });
    await writeFile(this.confFile, configuration(this.#directory, this.#node, await freePort(), await freePort()));
    this.#munge = this.#spawn(this.#programs.munged, [
      '--foreground',
      `--key-file=${this.#file('munge/key')}`,
      `--socket=${this.#file('munge/socket')}`,
      `--pid-file=${this.#file('munge/pid')}`,
      `--log-file=${this.#file('munge/log')}`,
      `--seed-file=${this.#file('munge/seed')}`,
    ]);
    await this.#until('munged', () => readFile(this.#file('munge/pid')));
    await this.startController();
    this.#slurmd = this.#spawnNode();
    await this.#until('the node', async () => {
      const state = await this.run('sinfo', '--noheader', '--format=%T');
      if (!state.includes('idle')) throw new Error(`the node is ${state}`);
    });
  }

  async run(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await run(program, args, { env: this.#env(), timeout: startLimitMs });
    return stdout.trim();
  }

  async stopController(): Promise<void> {
    await end(this.#controller, 'SIGTERM');
  }

  async startController(): Promise<void> {
    this.#controller = this.#spawn(this.#programs.slurmctld, ['-D', '-f', this.confFile]);
    await this.#until('slurmctld', () => this.run('sinfo'));
  }

  async stop(): Promise<void> {
    if (this.#slurmd && this.#controller?.exitCode === null)
      await this.run('scancel', '--full', '--signal=KILL', `--user=${userInfo().username}`).catch(() => {});
    await end(this.#slurmd, 'SIGTERM');
    await end(this.#controller, 'SIGKILL');
    await end(this.#munge, 'SIGTERM');
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async logs(): Promise<string> {
    const read = (name: string): Promise<string> => readFile(this.#file(name), 'utf8').catch(() => '');
    return (await Promise.all(['munge/log', 'ctld.log', 'slurmd.log'].map(read)))
      .map((text) => text.slice(-1500))
      .join('\n');
  }

  #spawnNode(): ChildProcess {
    const command = [this.#programs.slurmd, '-D', '-f', this.confFile, '-N', this.#node];
    const { elsewhere } = this.#options;
    if (!elsewhere) return this.#spawn(command[0] ?? '', command.slice(1));
    const script = [
      `hostname ${this.#node}`,
      ...elsewhere.hidden.map((path) => `mount -t tmpfs none '${path}'`),
      'exec "$@"',
    ].join(' && ');
    const namespaces = ['--uts', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    return this.#spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...command]);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: 'ignore', env: this.#env() });
    child.on('error', () => {});
    return child;
  }

  async #until(what: string, look: () => Promise<unknown>): Promise<void> {
    const limit = Date.now() + startLimitMs;
    for (;;) {
      try {
        await look();
        return;
      } catch (error) {
        if (Date.now() > limit) throw new Error(`${what} does not answer`, { cause: error });
        await delay(50);
      }
    }
  }

  #env(): NodeJS.ProcessEnv {
    return { PATH: `${process.env.PATH}:/usr/sbin`, LC_ALL: 'C', SLURM_CONF: this.confFile };
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }
}

function configuration(directory: string, node: string, controllerPort: number, nodePort: number): string {
  const user = userInfo().username;
  return `ClusterName=autotest
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmUser=${user}
SlurmdUser=${user}
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${directory}/munge/socket
StateSaveLocation=${directory}/state
SlurmdSpoolDir=${directory}/spool
SlurmctldPidFile=${directory}/ctld.pid
SlurmdPidFile=${directory}/slurmd.pid
SlurmctldLogFile=${directory}/ctld.log
SlurmdLogFile=${directory}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
SlurmdTimeout=60
MessageTimeout=5
MailProg=/bin/true
SwitchType=switch/none
MpiDefault=none
NodeName=${node} NodeHostname=${node} NodeAddr=127.0.0.1 CPUs=64 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=drained Nodes=ALL MaxTime=INFINITE State=DOWN
`;
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const last = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(last);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : 0));
    });
  });
}
