import { createRequire } from 'node:module';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import type { Reporter } from 'vitest/node';
import { findServices } from './packages/core/src/testing/services.ts';

const conditions = ['@autotest/source', 'module', 'node', 'development|production'];
// The file that Node itself loads: Vite would take graphql's ES module build beside it, and the classes of two copies do not know each other.
const alias = [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }];
const fromSource = { resolve: { conditions, alias }, ssr: { resolve: { conditions } } };

/** Says at the start which real services the tests will use, and at the end what was skipped for want of one. */
const services: Reporter = {
  onInit() {
    const { mariadbd, sshd, chromium, slurmctld, ip, nft, uml, qemu, ipmiSim, ipmitool, mmdebstrap, snmpset } =
      findServices();
    const found = {
      MariaDB: mariadbd,
      OpenSSH: sshd,
      Chromium: chromium,
      Slurm: slurmctld,
      iproute2: ip,
      nftables: nft,
      'User-mode Linux': uml,
      QEMU: qemu,
      ipmi_sim: ipmiSim,
      ipmitool,
      mmdebstrap,
      'SNMP tools': snmpset,
    };
    console.log(
      `Real services: ${Object.entries(found)
        .map(([name, path]) => `${name} ${path ?? 'not found'}`)
        .join(' · ')}`,
    );
  },
  onTestRunEnd(modules) {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => `  ${test.fullName} (${module.relativeModuleId})`),
    );
    console.log(
      skipped.length === 0 ? 'No test was skipped.' : `Skipped for want of a service:\n${skipped.join('\n')}`,
    );
  },
};

/** File for a report that programs read. */
const report = process.env.TEST_REPORT;

/**
 * unit:        no services, no processes of ours; seconds
 * web:         Vue components in happy-dom
 * integration: real processes and real services (sshd, MariaDB, Chromium, Slurm) of the built packages
 */
export default defineConfig({
  test: {
    fsModuleCache: false,
    reporters: [
      'default',
      services,
      ...(report === undefined ? [] : [['json', { outputFile: report }] satisfies ['json', object]]),
    ],
    projects: [
      {
        ...fromSource,
        test: {
          name: 'unit',
          include: ['packages/{core,dispatcher,autoserv,client,graphql,cli,lab}/test/**/*.test.ts'],
          // A net for what hangs, not a measure: machines of CI are slow at times.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [vue()],
        test: { name: 'web', include: ['packages/web/test/**/*.test.ts'], environment: 'happy-dom' },
      },
      {
        ...fromSource,
        test: {
          name: 'integration',
          include: ['packages/*/integration/**/*.test.ts', 'examples/integration/**/*.test.ts'],
          // Genuine MySQL is not in every distribution: only where somebody names a server.
          exclude: process.env.AUTOTEST_TEST_MYSQL_URL ? [] : ['**/mysql.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
