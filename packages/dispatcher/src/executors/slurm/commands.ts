import { runLocal } from '@autotest/core/node';
import { ExecutorUnavailableError } from '../../errors.ts';

export interface SlurmJob {
  readonly id: string;
  /** As squeue names it: `RUNNING`. */
  readonly state: string;
  /** Why it waits, or how it ended: `Resources`, `TimeLimit`. */
  readonly reason: string;
  readonly node: string;
  readonly name: string;
}

export interface SlurmSubmission {
  readonly name: string;
  readonly comment: string;
  readonly directory: string;
  readonly logFile: string;
  /** Further options of sbatch. */
  readonly options: readonly string[];
  /** Environment of the job; nothing else gets into it. */
  readonly env: NodeJS.ProcessEnv;
  /** Program and arguments. */
  readonly command: readonly string[];
}

/** Slurm refused a submission; asking again changes nothing. */
export class SlurmRefusal extends Error {}

/** Slurm's own programs try again and again by themselves; after so long one that has not answered is ended. */
const answerMs = 20_000;
const submitMs = 60_000;
const squeueFormat = '%i|%T|%r|%B|%j';
const transient =
  /unable to contact|timed out|time-?out|connect(ion)? (failure|refused|reset|error)|zero bytes|communication|temporar|try again|standby|in recovery|munge|authentication|maximum (job|number)|MaxJobCount|MaxSubmit|too many/i;

/** Slurm's programs, each with a deadline. Needs neither accounting nor a plugin beyond what every Slurm has. */
export class SlurmCommands {
  readonly #env: NodeJS.ProcessEnv;

  /** @param confFile of the cluster, where it is not the usual one */
  constructor(confFile: string | undefined) {
    const file = confFile ?? process.env.SLURM_CONF;
    this.#env = { PATH: process.env.PATH, LC_ALL: 'C', ...(file !== undefined && { SLURM_CONF: file }) };
  }

  /**
   * Gives the id of the new job.
   *
   * @throws SlurmRefusal
   * @throws ExecutorUnavailableError: the job may exist all the same
   */
  async submit(job: SlurmSubmission): Promise<string> {
    const isPlain = !/[%\\]/.test(job.logFile);
    const args = [
      '--parsable',
      `--job-name=${job.name}`,
      `--comment=${job.comment}`,
      `--chdir=${job.directory}`,
      // A pattern to sbatch; where it would not be taken as it is, the script's own redirection is all there is.
      `--output=${isPlain ? job.logFile : '/dev/null'}`,
      '--open-mode=append',
      '--no-requeue',
      '--export=ALL',
      ...job.options,
    ];
    const script = `#!/bin/sh\nexec ${job.command.map(quote).join(' ')} >>${quote(job.logFile)} 2>&1\n`;
    const output = await this.#run(['sbatch', ...args], { timeout: submitMs, stdin: script, env: job.env });
    const id = /^(\d+)(?:;\S+)?$/m.exec(output)?.[1];
    if (id === undefined) throw new SlurmRefusal(`sbatch gave no job id but ${JSON.stringify(output.slice(0, 200))}`);
    return id;
  }

  /** All jobs of this user that Slurm has in memory, ended ones (for a while, `MinJobAge`) too. @throws ExecutorUnavailableError */
  async jobs(): Promise<SlurmJob[]> {
    const output = await this.#run(['squeue', '--noheader', '--me', '--states=all', `--format=${squeueFormat}`]);
    return output.split('\n').flatMap((line) => {
      const [id, state, reason, node, ...name] = line.split('|');
      if (!id || !state) return [];
      return [{ id, state, reason: reason ?? '', node: node ?? '', name: name.join('|') }];
    });
  }

  /** Sends a signal to the first process of a running job. @throws ExecutorUnavailableError */
  async signal(id: string, signal: 'TERM'): Promise<void> {
    await this.#run(['scancel', '--batch', `--signal=${signal}`, id], { mayBeOver: true });
  }

  /** Kills all processes of a job. @throws ExecutorUnavailableError */
  async kill(id: string): Promise<void> {
    await this.#run(['scancel', '--full', '--signal=KILL', id], { mayBeOver: true });
  }

  /** Takes a job out of the queue, or ends it as Slurm ends jobs. @throws ExecutorUnavailableError */
  async cancel(id: string): Promise<void> {
    await this.#run(['scancel', id], { mayBeOver: true });
  }

  async #run(
    command: readonly string[],
    options: { timeout?: number; stdin?: string; env?: NodeJS.ProcessEnv; mayBeOver?: boolean } = {},
  ): Promise<string> {
    const { timeout = answerMs, stdin, env, mayBeOver = false } = options;
    const result = await runLocal(command, {
      timeout,
      killGraceMs: 1000,
      baseEnv: { ...env, ...this.#env },
      ...(stdin !== undefined && { stdin }),
    });
    if (result.exitCode === 0) return result.stdout.trim();
    const said = result.stderr.trim().split('\n').slice(-3).join(' ') || 'it said nothing';
    const what = `${command[0]}: ${said}`;
    if (mayBeOver && /already completing|invalid job id|completing or completed/i.test(said)) return '';
    if (result.timedOut || transient.test(said)) throw new ExecutorUnavailableError('Slurm', what);
    if (command[0] === 'sbatch') throw new SlurmRefusal(what);
    throw new ExecutorUnavailableError('Slurm', what);
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
