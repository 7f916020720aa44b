import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { droppedCapabilities } from './boot-script.ts';

/** A root shell on a terminal of the host, for what people type on its console. Starts with the first input, and again after it ended. */
export class ConsoleShell {
  readonly #joinFile: string;
  readonly #print: (chunk: Buffer) => void;
  #shell: ChildProcessWithoutNullStreams | undefined;

  /** @param joinFile of the host's control group, so that a frozen host does not listen */
  constructor(joinFile: string, print: (chunk: Buffer) => void) {
    this.#joinFile = joinFile;
    this.#print = print;
  }

  /** Types. @param pid process 1 of the host; nothing happens while there is none */
  input(chunk: Buffer, pid: number | undefined): void {
    if (pid === undefined) return;
    this.#shell ??= this.#start(pid);
    this.#shell.stdin.write(chunk);
  }

  close(): void {
    this.#shell?.kill('SIGKILL');
    this.#shell = undefined;
  }

  #start(pid: number): ChildProcessWithoutNullStreams {
    const shell = spawn(
      'sh',
      [
        '-c',
        'echo $$ > "$0" && exec "$@"',
        this.#joinFile,
        'nsenter',
        '--target',
        String(pid),
        '--all',
        '--',
        'setpriv',
        '--pdeathsig',
        'KILL',
        `--bounding-set=${droppedCapabilities}`,
        'script',
        '--quiet',
        '--flush',
        '--command',
        'cd /root; exec /bin/sh -i',
        '/dev/null',
      ],
      {
        env: {
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/root',
          TERM: 'linux',
          PS1: '# ',
        },
      },
    );
    shell.stdout.on('data', this.#print);
    shell.stderr.on('data', this.#print);
    shell.stdin.on('error', () => {});
    const ended = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.on('exit', ended);
    shell.on('error', ended);
    return shell;
  }
}
