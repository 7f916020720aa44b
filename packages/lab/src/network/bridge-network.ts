import { readdirSync } from 'node:fs';
import { coalesce } from '../coalesce.ts';
import { LabError } from '../errors.ts';
import { ipBatch, runTool } from '../run-tool.ts';
import { cleanCgroup } from '../namespace/cgroup.ts';
import type { LabNetwork, NamespaceLink } from './lab-network.ts';
import { claimBlock, releaseBlock } from './registry.ts';

const prefixLength = 22;
/** First address of a host in its block: what is before it belongs to the lab. */
const firstHost = 10;
const maxHosts = 1000;
/** Of all labs. Must be there before their routes, and after them. */
const blackhole = 'blackhole 198.18.0.0/15 metric 4096';

/** Makes the network of a lab in a block of addresses of its own, after deleting what labs left that were killed. @throws LabError */
export async function makeBridgeNetwork(): Promise<LabNetwork> {
  const block = await claimBlock(destroy);
  const network = new BridgeNetwork(block);
  try {
    await network.open();
  } catch (error) {
    await network.close();
    throw error;
  }
  return network;
}

/** Prefix of all names of a lab. */
function labName(block: number): string {
  return `atlab${block}`;
}

class BridgeNetwork implements LabNetwork {
  readonly netns: string;
  readonly bridge = 'br0';
  readonly gateway: string;
  readonly prefixLength = prefixLength;
  readonly enter: readonly string[];
  readonly #block: number;
  readonly #subnet: number;
  /** Of many hosts at once, in one go. */
  readonly #command = coalesce<string>((commands) => ipBatch(commands, this.netns));
  readonly #deleteNetns = coalesce<string>((commands) => ipBatch(commands));

  constructor(block: number) {
    this.#block = block;
    this.#subnet = block * 4;
    this.netns = labName(block);
    this.gateway = `198.18.${this.#subnet}.1`;
    this.enter = ['nsenter', `--net=/run/netns/${this.netns}`, '--'];
  }

  async open(): Promise<void> {
    const [outer, inner] = [`198.19.${this.#block}.1`, `198.19.${this.#block}.2`];
    // Without it, packets for a lab that is gone would leave by the default route.
    await runTool(['ip', 'route', 'replace', ...blackhole.split(' ')]);
    await ipBatch([
      `netns add ${this.netns}`,
      `link add ${outerLink(this.#block)} type veth peer name up0 netns ${this.netns}`,
      `addr add ${outer}/30 dev ${outerLink(this.#block)}`,
      `link set ${outerLink(this.#block)} up`,
    ]);
    await ipBatch(
      [
        'link set lo up',
        `addr add ${inner}/30 dev up0`,
        'link set up0 up',
        `link add ${this.bridge} type bridge`,
        `addr add ${this.gateway}/${prefixLength} dev ${this.bridge}`,
        `link set ${this.bridge} up`,
        `route add 198.19.${this.#block}.0/30 dev up0 quickack 1 metric 1`,
        `route add 198.18.${this.#subnet}.0/${prefixLength} dev ${this.bridge} src ${this.gateway} quickack 1 metric 1`,
      ],
      this.netns,
    );
    await runTool([...this.enter, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    // quickack: else each new connection waits for delayed acknowledgements, 40 ms at a time.
    await ipBatch([
      `route add 198.18.${this.#subnet}.0/${prefixLength} via ${inner} dev ${outerLink(this.#block)} quickack 1`,
    ]);
  }

  addressOf(index: number): string {
    if (index < 1 || index > maxHosts)
      throw new LabError(`A lab has at most ${maxHosts} hosts. Start a second lab, or take simulated hosts.`);
    const last = firstHost + index;
    return `198.18.${this.#subnet + Math.floor(last / 256)}.${last % 256}`;
  }

  async addTap(name: string): Promise<void> {
    await ipBatch([`tuntap add dev ${name} mode tap`, `link set ${name} master ${this.bridge} up`], this.netns);
  }

  async addNamespaces(hosts: readonly NamespaceLink[]): Promise<void> {
    await ipBatch(hosts.map(({ netns }) => `netns add ${netns}`));
    await ipBatch(
      hosts.flatMap(({ netns, link }) => [
        `link add ${link} type veth peer name eth0 netns ${netns}`,
        `link set ${link} master ${this.bridge} up`,
      ]),
      this.netns,
    );
  }

  setLink(link: string, up: boolean): Promise<void> {
    return this.#command(`link set ${link} ${up ? 'up' : 'down'}`);
  }

  async remove(link: string, netns?: string): Promise<void> {
    // The kernel deletes both ends of the link with the namespace of one, in its own time; asked for the link, it would let us wait.
    const deleted = netns === undefined ? this.#command(`link del ${link}`) : this.#deleteNetns(`netns del ${netns}`);
    await deleted.catch(() => {});
  }

  async close(): Promise<void> {
    await destroy(this.#block);
    await releaseBlock(this.#block, async () => {
      await runTool(['ip', 'route', 'del', ...blackhole.split(' ')]).catch(() => {});
    });
  }
}

function outerLink(block: number): string {
  return `atl${block}`;
}

/** Deletes all that a lab made in the kernel, by its names; also what a killed one left. */
async function destroy(block: number): Promise<void> {
  const name = labName(block);
  await cleanCgroup(name);
  // Deleting one end deletes the other. Its namespace may live on for a while; its addresses must not.
  await runTool(['ip', 'link', 'del', outerLink(block)]).catch(() => {});
  const namespaces = netnsNames().filter((netns) => netns === name || netns.startsWith(`${name}-`));
  await ipBatch(namespaces.map((netns) => `netns del ${netns}`));
}

function netnsNames(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}
