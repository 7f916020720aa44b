// Bundles the process into one file: starts faster and takes less memory than its modules one by one.
import { chmodSync, statSync } from 'node:fs';
import { build } from 'esbuild';

const outfile = new URL('dist/autoserv.mjs', import.meta.url).pathname;

/** Parts of ssh2 that a client with public keys does not need, and that cost start time or memory. */
const stubs = {
  name: 'ssh2-stubs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(cpu-features|\.\.?\/.*sshcrypto\.node)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onResolve({ filter: /http-agents\.js$/ }, ({ path }) => ({ path, namespace: 'empty' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'throw new Error("not bundled");' }));
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const result = await build({
  entryPoints: [new URL('src/main.ts', import.meta.url).pathname],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  conditions: ['@autotest/source'],
  minifyWhitespace: true,
  minifySyntax: true,
  keepNames: true,
  legalComments: 'none',
  // Loaded only where a control file's source is bundled (brings a parser and a compiler along), or where power is switched over SNMP.
  external: ['@autotest/core/bundle', 'net-snmp'],
  plugins: [stubs],
  metafile: true,
  logLevel: 'warning',
  banner: {
    js: "import{createRequire as __c}from'node:module';const require=__c(import.meta.url);const __filename=import.meta.filename,__dirname=import.meta.dirname;",
  },
});
chmodSync(outfile, 0o755);
if (process.argv.includes('--sizes')) {
  const inputs = Object.values(result.metafile.outputs).flatMap(({ inputs: parts }) => Object.entries(parts));
  for (const [file, { bytesInOutput }] of inputs
    .toSorted((a, b) => b[1].bytesInOutput - a[1].bytesInOutput)
    .slice(0, 30))
    console.log(bytesInOutput, file);
  console.log(`dist/autoserv.mjs ${Math.round(statSync(outfile).size / 1024)} kB`);
}
