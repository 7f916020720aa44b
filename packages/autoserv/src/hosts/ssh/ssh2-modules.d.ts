// The client alone: ssh2's entry loads the server, agents for HTTP and a key generator too, which costs start time and memory.
declare module 'ssh2/lib/client.js' {
  import { Client } from 'ssh2';
  export default Client;
}

declare module 'ssh2/lib/protocol/keyParser.js' {
  import type { ParsedKey } from 'ssh2';
  const parser: { parseKey(data: string | Buffer): ParsedKey | Error };
  export default parser;
}
