import { HostUnfitError } from '../errors.ts';
import { OutputSink } from '../hosts/output-sink.ts';
import type { HostProcess, HostTransport } from '../hosts/transport.ts';
import type { ClientCall } from './client-command.ts';
import { hashOnce } from './hash-once.ts';
import { localBase } from './host-paths.ts';
import { hostScript, type HostScriptOptions } from './host-script.ts';
import { bringMissing, type InstallOptions } from './install.ts';
import { Preamble } from './preamble.ts';
import { readValues, toProbe } from './probe.ts';

export interface OpenOptions extends InstallOptions {
  readonly name: string;
  readonly owner: string;
  /** The session's spec, to make it from, with the bundle that goes with it; undefined: it has to be there. */
  readonly make?: { readonly spec: string; readonly bundle: { readonly dir: string; readonly hash: string } };
  /** Client command to run; its first line of stdin is `request`. */
  readonly command?: readonly string[];
  readonly request?: string;
}

/** A session on a host, and the client command that was asked for. */
export interface Opened {
  readonly call: ClientCall;
  readonly base: string;
  readonly bootId: string;
  readonly process?: HostProcess;
}

const preambleMs = 120_000;
/** What was brought may be deleted again by somebody meanwhile, but not forever. */
const maxTries = 3;

/**
 * Makes or finds a session on the host and runs a client command in it: one round trip where everything is there; what is not is brought first.
 *
 * @returns undefined where the host has no such session
 * @throws HostUnfitError, TransferError, HostLostError
 */
export async function openSession(transport: HostTransport, options: OpenOptions): Promise<Opened | undefined> {
  const { host, make } = options;
  const isLocal = transport.kind === 'local';
  const script = hostScript({
    bases: isLocal ? [localBase()] : options.bases,
    ...(isLocal
      ? { local: { node: process.execPath, client: options.clientFile } }
      : { wants: await hashesOf(options) }),
    session: {
      name: options.name,
      owner: options.owner,
      how: make ? 'make' : 'use',
      ...(options.command && { command: options.command }),
    },
  });
  for (let tries = 1; ; tries++) {
    options.signal.throwIfAborted();
    const { values, process } = await runScript(transport, script, options);
    switch (values.get('end')) {
      case 'ready':
      case 'done':
        return {
          call: {
            host,
            node: values.get('node') ?? '',
            client: values.get('client') ?? '',
            sessionDir: values.get('session') ?? '',
          },
          base: values.get('base') ?? '',
          bootId: values.get('boot') ?? '',
          ...(process && { process }),
        };
      case 'gone':
        return undefined;
      case 'nobase':
        toProbe(values, host, options.bases);
        break;
      case 'missing':
        if (tries < maxTries) {
          await bringMissing(transport, toProbe(values, host, options.bases), {
            ...options,
            missing: (values.get('missing') ?? '').trim().split(/\s+/),
            ...(make && { bundle: make.bundle }),
          });
          continue;
        }
    }
    const why =
      values.get('why') || (values.get('missing') && `what was brought there is gone: ${values.get('missing')}`);
    throw new HostUnfitError(
      host,
      `the session could not be made: ${(why || 'its shell gave no answer').slice(0, 300)}`,
      'Look at its disk and its processes.',
    );
  }
}

async function hashesOf({ clientFile, make }: OpenOptions): Promise<NonNullable<HostScriptOptions['wants']>> {
  const [client, runtime] = await Promise.all([hashOnce(clientFile), hashOnce(process.execPath)]);
  return { client, runtime, bundle: make && bundleHash(make.bundle.hash) };
}

function bundleHash(hash: string): string {
  const hex = hash.replace(/^sha256:/, '');
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new HostUnfitError(
    '',
    `the bundle has no sha256 hash but ${hash.slice(0, 80)}`,
    'Submit the control file again.',
  );
}

/** Runs the script up to its last word; with the process where a client command has taken its place. */
async function runScript(
  transport: HostTransport,
  script: string,
  { host, make, request, command }: OpenOptions,
): Promise<{ values: Map<string, string>; process?: HostProcess }> {
  const process = await transport.spawn(script, { group: false });
  const stderr = new OutputSink(4096);
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const input = `${make ? `${make.spec}\n` : ''}${request === undefined ? '' : `${request}\n`}`;
  if (command) process.stdin.write(input);
  else process.stdin.end(input);
  const preamble = new Preamble(process.stdout);
  const timer = setTimeout(() => preamble.fail(new Error('it did not answer in time')), preambleMs);
  // A process that ends has said all that it will.
  process.ended.then(
    () => preamble.end(),
    (error: unknown) => preamble.fail(error),
  );
  try {
    const values = readValues(await preamble.lines);
    if (values.get('end') === 'ready' && command) return { values, process };
    if (!values.has('end')) {
      const why = stderr.text().trim().slice(0, 300) || 'its shell said nothing';
      throw new HostUnfitError(host, `a first command failed: ${why}`, 'Look whether its user has a shell that works.');
    }
    process.release();
    return { values };
  } catch (error) {
    process.release();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
