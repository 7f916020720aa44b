import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '@autotest/core';
import { ProvisionError } from '../errors.ts';
import { powerMs, powerOf } from '../power/power-of.ts';
import type { StepHost } from '../steps/host-step.ts';
import type { Provisioner } from './provisioner.ts';

const run = promisify(execFile);
const toolMs = 10 * 60_000;

/**
 * `qemu-image:///path/of/disk.qcow2?images=/srv/images[&seed=/path/of/seed.img]`: switches the virtual machine off, lays its disk anew over `<images>/<image>.qcow2`, writes a
 * cloud-init seed (NoCloud, as a FAT image with the label CIDATA) with its name, a new host key and our public key, and switches it on.
 */
export function qemuImageProvisioner(url: URL): Provisioner {
  const disk = decodeURIComponent(url.pathname);
  const images = url.searchParams.get('images');
  const seed = url.searchParams.get('seed');
  return {
    provision: async (host, image) => {
      const { context, spec, log } = host;
      const failed = (why: string, cause?: unknown) => new ProvisionError(spec.name, image, why, cause);
      const power = powerOf(context, spec);
      if (!power) throw failed('a virtual machine that gets another disk needs an attribute `power`');
      if (images === null || !images.startsWith('/'))
        throw failed('its attribute `provision` names no absolute directory `images`');
      if (!/^[\w][\w.-]*$/.test(image)) throw failed('an image is a plain name');
      const base = join(images, `${image}.qcow2`);
      if (!existsSync(base)) throw failed(`${base} does not exist`);
      try {
        const call = { timeoutMs: powerMs, signal: context.stopper.signal };
        log.line('power off');
        await power.off(call);
        await layDisk(host, base, disk);
        const hostKeys = seed === null ? undefined : [await writeSeed(host, seed)];
        log.line('power on');
        await power.on(call);
        return { ...(hostKeys && { hostKeys }) };
      } catch (error) {
        throw failed(messageOf(error), error);
      }
    },
  };
}

/** The new disk takes the old one's place in one step. */
async function layDisk(host: StepHost, base: string, disk: string): Promise<void> {
  const fresh = `${disk}.new`;
  await tool(host, 'qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', fresh]);
  await rename(fresh, disk);
}

/** @returns the public host key that the seed gives to the machine */
async function writeSeed(host: StepHost, seed: string): Promise<string> {
  const { spec } = host;
  const directory = await mkdtemp(join(tmpdir(), 'autotest-seed-'));
  try {
    const keyFile = join(directory, 'host_key');
    await tool(host, 'ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', spec.name, '-f', keyFile]);
    const publicKey = (await readFile(`${keyFile}.pub`, 'utf8')).trim();
    const user = {
      hostname: spec.name,
      ssh_keys: { ed25519_private: await readFile(keyFile, 'utf8'), ed25519_public: publicKey },
      disable_root: false,
      users: [{ name: spec.user, ssh_authorized_keys: await authorizedKeys(host) }],
    };
    // JSON is YAML: nothing needs to be quoted by hand.
    await writeFile(join(directory, 'user-data'), `#cloud-config\n${JSON.stringify(user)}\n`, { mode: 0o600 });
    await writeFile(
      join(directory, 'meta-data'),
      JSON.stringify({ 'instance-id': `${spec.name}-${Date.now()}`, 'local-hostname': spec.name }),
    );
    const fresh = join(dirname(seed), `.${spec.name}-${process.pid}.seed`);
    await rm(fresh, { force: true });
    await tool(host, 'mkfs.vfat', ['-C', '-n', 'CIDATA', fresh, '1024']);
    await tool(host, 'mcopy', ['-i', fresh, join(directory, 'user-data'), join(directory, 'meta-data'), '::']);
    await rename(fresh, seed);
    return publicKey.split(' ').slice(0, 2).join(' ');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function authorizedKeys({ spec }: StepHost): Promise<string[]> {
  if (spec.keyFile === undefined)
    throw new Error('the host has no key file of its own, whose public key the image would let in');
  return [(await readFile(`${spec.keyFile}.pub`, 'utf8')).trim()];
}

async function tool({ log, context }: StepHost, program: string, args: readonly string[]): Promise<void> {
  log.line(`$ ${program} ${args.join(' ')}`);
  const { stdout, stderr } = await run(program, args, { timeout: toolMs, signal: context.stopper.signal });
  log.write(stdout + stderr);
}
