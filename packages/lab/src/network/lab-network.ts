/**
 * The network of a lab: a namespace with a bridge, to which the hosts are connected. Nothing leaves it: it has no default route, and the way from the root namespace
 * ends in a blackhole when the lab is gone.
 *
 *     root ns ── atl3 ═ up0 ── netns atlab3: br0 198.18.12.1/22 ─┬─ v1 ═ eth0 ── netns atlab3-h1
 *                                                             └─ tap2 ── a virtual machine
 */
export interface LabNetwork {
  /** Name of the network namespace, for `ip netns exec`. */
  readonly netns: string;
  /** Bridge in it. */
  readonly bridge: string;
  /** Address of the lab itself, at which hosts see it. */
  readonly gateway: string;
  /** Of the addresses of hosts: 22. */
  readonly prefixLength: number;
  /** Put before a command line, runs it in the network namespace. Daemons that only this machine talks to can listen on loopback instead. */
  readonly enter: readonly string[];
  /** Address for the n-th host, from 1. */
  addressOf(index: number): string;
  /** Makes a tap device, connected to the bridge and up, for a virtual machine. @param name at most 15 characters, unique in the lab */
  addTap(name: string): Promise<void>;
  /** Makes network namespaces for hosts, each with `eth0` whose other end is `link` on the bridge. Addresses are the hosts' own affair. */
  addNamespaces(hosts: readonly NamespaceLink[]): Promise<void>;
  /** Connects or disconnects a host: the cable, seen from the switch. */
  setLink(link: string, up: boolean): Promise<void>;
  /** Deletes what was made for a host, as far as it is there. */
  remove(link: string, netns?: string): Promise<void>;
  /** Deletes all of it. */
  close(): Promise<void>;
}

export interface NamespaceLink {
  readonly netns: string;
  /** Name of the device on the bridge, at most 15 characters. */
  readonly link: string;
}
