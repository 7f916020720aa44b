import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '@autotest/core';
import { LabError } from '../errors.ts';
import { runProgram } from '../programs.ts';
import type { Chassis } from './chassis.ts';
import { serveChassis } from './chassis-server.ts';

export interface IpmiBmcOptions {
  /** Directory for its files, which it makes and deletes. Its path has at most 80 bytes, without blanks or quotes. */
  readonly stateDir: string;
  readonly address: string;
  /** UDP. */
  readonly port: number;
  readonly user: string;
  /** At most 16 bytes, as IPMI 1.5 wants it. */
  readonly password: string;
  /** What runs a program in the network namespace of `address`. @default this process's own */
  readonly enter?: readonly string[];
  /** Serve the machine's console as Serial-over-LAN. @default true */
  readonly serial?: boolean;
  readonly onError?: (error: unknown) => void;
  readonly signal?: AbortSignal;
}

/** A BMC that is running. */
export interface Bmc {
  /** How drivers are told of it: `ipmi://USER:PASSWORD@ADDRESS:PORT`, `redfish+http://…`, `snmp://…` */
  readonly url: string;
  close(): Promise<void>;
}

const startTimeoutMs = 15_000;
const plain = /^[\w./:-]+$/;

/**
 * Starts a BMC that speaks IPMI 2.0 over LAN, with OpenIPMI's simulator: power, reset, soft shutdown, boot device, identify, and the machine's console by Serial-over-LAN.
 * Clients name the cipher suite (`ipmitool -I lanplus -C 3`), or wait ten seconds for a list that the simulator does not have.
 * @throws LabError where ipmi_sim is missing or does not start
 */
export async function startIpmiBmc(chassis: Chassis, options: IpmiBmcOptions): Promise<Bmc> {
  const { stateDir, address, port, enter = [], serial = true, onError = () => undefined, signal } = options;
  if (![stateDir, address, options.user, options.password].every((word) => plain.test(word)))
    throw new LabError(
      `The BMC of ${chassis.machine.name} wants plain words (letters, digits, . / : - _) in its options.`,
    );
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const children: ChildProcess[] = [];
  const server = await serveChassis(chassis, join(stateDir, 'chassis.sock'), onError);
  const close = async (): Promise<void> => {
    await Promise.all(children.map(end));
    await new Promise((resolve) => server.close(resolve));
    rmSync(stateDir, { recursive: true, force: true });
  };
  try {
    if (serial) children.push(await startSerial(chassis, stateDir, signal));
    writeFiles(chassis, options, serial);
    const log = openSync(join(stateDir, 'ipmi_sim.log'), 'a');
    const words = ['ipmi_sim', '-n', '-c', 'lan.conf', '-f', 'bmc.emu', '-s', stateDir];
    children.push(spawnBound([...enter, ...words], stateDir, log));
    closeSync(log);
    await untilAnswers(options, children.at(-1), signal);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `ipmi://${options.user}:${options.password}@${address}:${port}`, close };
}

/** A terminal device whose other end is the machine's console: what the simulator takes for a serial port. */
async function startSerial(chassis: Chassis, stateDir: string, signal?: AbortSignal): Promise<ChildProcess> {
  const link = join(stateDir, 'tty');
  const { socketPath } = chassis.machine.console;
  const child = spawnBound(['socat', `PTY,link=${link},raw,echo=0`, `UNIX-CONNECT:${socketPath}`], stateDir, 'ignore');
  const endsAt = performance.now() + startTimeoutMs;
  while (!existsSync(link)) {
    if (performance.now() > endsAt || child.exitCode !== null)
      throw new LabError(`The console of ${chassis.machine.name} at ${socketPath} cannot be given to its BMC.`);
    await sleep(10, signal ? { signal } : {});
  }
  return child;
}

function writeFiles(chassis: Chassis, options: IpmiBmcOptions, serial: boolean): void {
  const { stateDir, address, port, user, password } = options;
  const program = fileURLToPath(new URL(`./chassis-control${extname(import.meta.url)}`, import.meta.url));
  const socket = join(stateDir, 'chassis.sock');
  const levels = ['user', 'operator', 'admin'].map((level) => `    allowed_auths_${level} none md2 md5 straight`);
  writeFileSync(
    join(stateDir, 'lan.conf'),
    [
      `name "${chassis.machine.name.replaceAll(/[^\w.-]/g, '_')}"`,
      'set_working_mc 0x20',
      '  startlan 1',
      `    addr ${address} ${port}`,
      '    priv_limit admin',
      ...levels,
      '    guid a123456789abcdefa123456789abcdef',
      '  endlan',
      `  chassis_control "${stateDir}/chassis-control"`,
      ...(serial ? [`  sol "${stateDir}/tty" 115200 history=65536`] : []),
      `  user 2 true "${user}" "${password}" admin 10 none md2 md5 straight`,
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  writeFileSync(
    join(stateDir, 'bmc.emu'),
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n',
  );
  const wrapper = join(stateDir, 'chassis-control');
  writeFileSync(wrapper, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(program)} ${socket} "$@"\n`);
  chmodSync(wrapper, 0o755);
}

/** Asks it something, as any client would, until it says that it is there. */
async function untilAnswers(
  options: IpmiBmcOptions,
  child: ChildProcess | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const { enter = [], address, port, user, password, stateDir } = options;
  const login = ['-I', 'lanplus', '-C', '3', '-H', address, '-p', String(port), '-U', user, '-P', password];
  const endsAt = performance.now() + startTimeoutMs;
  for (;;) {
    if (child?.exitCode !== null)
      throw new LabError(`ipmi_sim ended at once: ${readFileSync(join(stateDir, 'ipmi_sim.log'), 'utf8').slice(-500)}`);
    try {
      await runProgram([...enter, 'ipmitool', ...login, '-N', '1', '-R', '1', 'mc', 'guid'], { timeoutMs: 3000 });
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (performance.now() > endsAt) throw error;
    }
    await sleep(50, signal ? { signal } : {});
  }
}

/** A child that dies with this process. */
function spawnBound(argv: readonly string[], cwd: string, output: number | 'ignore'): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    cwd,
    stdio: ['ignore', output, output],
    detached: true,
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
