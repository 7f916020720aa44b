import { namespaced, type Fault } from './fault.ts';

const key = '/etc/ssh/ssh_host_ed25519_key';
const reload = 'kill -HUP "$(cat /run/sshd.pid)"';

export const changeHostKey: Fault = {
  description: 'gives the host another host key, as after a reinstallation',
  async apply(target) {
    const machine = namespaced(target);
    const run = (script: string): Promise<string> => machine.run(['sh', '-ec', script]);
    await run(`
      [ -e ${key}.before ] || { mv ${key} ${key}.before; mv ${key}.pub ${key}.pub.before; }
      rm -f ${key} ${key}.pub
      ssh-keygen -q -t ed25519 -N '' -f ${key}
      ${reload}`);
    return async () => {
      await run(`mv ${key}.before ${key}; mv ${key}.pub.before ${key}.pub; ${reload}`);
    };
  },
};
