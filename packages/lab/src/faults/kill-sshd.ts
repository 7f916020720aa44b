import { namespaced, type Fault } from './fault.ts';

/** sshd that listens, not the ones of sessions; the end of its own children tells nobody else's. */
const stop = 'kill -9 "$(cat /run/sshd.pid)"';

export const killSshd: Fault = {
  description: 'kills the SSH server: open sessions go on, new ones are refused',
  async apply(target) {
    const machine = namespaced(target);
    await machine.run(['sh', '-c', stop]);
    return async () => {
      // After a reboot it runs already.
      await machine.run(['sh', '-c', 'kill -0 "$(cat /run/sshd.pid)" 2>/dev/null || /usr/sbin/sshd']);
    };
  },
};
