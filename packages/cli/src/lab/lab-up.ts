import { mkdirSync } from 'node:fs';
import { checkNoLab, serveLab, startLab, startSimulatedHosts, type RootFs } from '@autotest/lab';
import { withServer } from '../api/with-server.ts';
import { note, printList } from '../output/print.ts';
import { hostColumns } from './host-columns.ts';
import { registerHosts } from './register-hosts.ts';

export interface LabUpOptions {
  readonly dir: string;
  readonly hosts: number;
  readonly uml: number;
  readonly qemu: number;
  readonly simulated: number;
  /** Of simulated hosts. */
  readonly shell: boolean;
  readonly rootFs: RootFs;
  readonly register: boolean;
}

/** Starts a lab and keeps it until a signal, or until `autotest lab down`. @throws LabUnfitError, LabError */
export async function labUp(options: LabUpOptions): Promise<void> {
  const { dir, hosts, uml, qemu, simulated } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await checkNoLab(dir);
  const stop = new AbortController();
  const end = (): void => stop.abort(new Error('The lab was told to end.'));
  process.once('SIGINT', end).once('SIGTERM', end);
  const closers: (() => Promise<void>)[] = [];
  try {
    const wanted = { namespace: hosts, uml, qemu };
    const lab =
      hosts + uml + qemu > 0
        ? await startLab({ hosts: wanted, dir, rootFs: options.rootFs, onProgress: note, signal: stop.signal })
        : undefined;
    if (lab) closers.unshift(() => lab.close());
    const simulatedHosts =
      simulated > 0
        ? await startSimulatedHosts({ count: simulated, dir, mode: options.shell ? 'shell' : 'emulated' })
        : undefined;
    if (simulatedHosts) closers.unshift(() => simulatedHosts.close());
    const server = await serveLab({ dir, lab, simulated: simulatedHosts, onDown: end });
    closers.unshift(() => server.close());
    const facts = server.operator.list();
    printList(facts.slice(0, maxShown), 'table', hostColumns, 'The lab has no hosts.');
    if (facts.length > maxShown) note(`… and ${facts.length - maxShown} more: autotest lab list`);
    const [first] = facts;
    if (first) note(`\nAs root, for example: ssh -i ${first.keyFile} -p ${first.port} ${first.user}@${first.address}`);
    if (lab) note(`Their power: AUTOTEST_SECRETS_DIR=${lab.secretsDir} in the environment of the dispatcher`);
    if (options.register) {
      await withServer(options, (connection) => registerHosts(connection, facts));
      note(`The server has ${facts.length} hosts of it, with the label \`lab\`.`);
    }
    note('The lab is up. End it with Ctrl-C or `autotest lab down`.');
    if (!stop.signal.aborted)
      await new Promise((resolve) => {
        stop.signal.addEventListener('abort', resolve);
      });
    note('Ending …');
  } finally {
    for (const close of closers) await close();
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

/** Rows of the table at the start; a thousand are no help. */
const maxShown = 50;
