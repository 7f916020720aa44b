import { namespaced, type Fault } from './fault.ts';

/** Children of the server, and theirs that are sshd as well: what the sessions run lives on, as it does when a connection breaks. */
const script = `
for pid in $(cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (sshd[^)]*).*/\\1/p'); do
  [ "$pid" = "$(cat /run/sshd.pid)" ] || kill -9 "$pid"
done
`;

export const killSessions: Fault = {
  description: 'kills the SSH sessions that are open; the server and what the sessions started go on',
  async apply(target) {
    await namespaced(target).run(['sh', '-c', script]);
    return async () => {};
  },
};
