import { createRequire } from 'node:module';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

const conditions = ['@autotest/source', 'module', 'node', 'development|production'];
// The file that Node itself loads: Vite would take graphql's ES module build beside it, and the classes of two copies do not know each other.
const alias = [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }];
const fromSource = { resolve: { conditions, alias }, ssr: { resolve: { conditions } } };

/**
 * unit:        no services, no processes of ours; seconds
 * web:         Vue components in happy-dom
 * integration: real processes and real services (sshd, MariaDB, Chromium) of the built packages
 */
export default defineConfig({
  test: {
    fsModuleCache: false,
    projects: [
      {
        ...fromSource,
        test: { name: 'unit', include: ['packages/{core,dispatcher,autoserv,client,graphql,cli}/test/**/*.test.ts'] },
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
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
