import { namespaced, type Fault } from './fault.ts';

/** Where autoserv installs the client for root; of what is there, the sessions with their results stay. */
const script = `
for base in /root/.autotest /var/tmp/autotest-root /tmp/autotest-root; do
  [ -d "$base" ] && find "$base" -mindepth 1 -maxdepth 1 ! -name sessions -exec rm -rf {} +
done
:`;

export const deleteClient: Fault = {
  description: "deletes the client's programs from the host, below the directories where they are installed",
  async apply(target) {
    await namespaced(target).run(['sh', '-c', script]);
    return async () => {};
  },
};
