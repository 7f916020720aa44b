import type { BaseAgent, Client, ParsedKey } from 'ssh2';
// The client alone: ssh2's entry loads its server, agents for HTTP and a key generator too, which costs start time and memory.
// @ts-expect-error -- the types cover the entry only
import client from 'ssh2/lib/client.js';
// @ts-expect-error -- the types cover the entry only
import agent from 'ssh2/lib/agent.js';
// @ts-expect-error -- the types cover the entry only
import keyParser from 'ssh2/lib/protocol/keyParser.js';
// @ts-expect-error -- the types cover the entry only
import utils from 'ssh2/lib/protocol/utils.js';

export const SshClient: typeof Client = client;
export const SshAgent: typeof BaseAgent = agent.BaseAgent;
export const parseKey: (data: string | Buffer) => ParsedKey | Error = keyParser.parseKey;
export const sendPacket: (protocol: object, packet: Buffer) => boolean = utils.sendPacket;
