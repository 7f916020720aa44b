import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';

/**
 * Namespace of the files of `@autotest/core` in a bundle. They get names of their own, so that where Autotest is installed
 * shows nowhere in the bundle and changes no hash.
 */
export const coreNamespace = 'autotest-core';

// This file runs as source or as built output; what it bundles is of the same kind.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const coreDir = fileURLToPath(new URL('..', import.meta.url));

/** What the plugin adds to an error for its message. */
export interface ResolveDetail {
  readonly remedy: string;
}

/**
 * Says what a control file may import: `@autotest/core`, Node's own modules, and, unless `sealed`, local files and packages.
 *
 * @param sealed nothing of the disk may be read but `@autotest/core`
 */
export function resolvePlugin(sealed: boolean): Plugin {
  return {
    name: 'autotest-resolve',
    setup(build) {
      build.onResolve({ filter: /^\./, namespace: coreNamespace }, ({ path, importer }) => ({
        path: posix.join(posix.dirname(importer), path),
        namespace: coreNamespace,
        sideEffects: false,
      }));
      build.onResolve({ filter: /.*/ }, (args) => resolveImport(args, sealed));
      build.onLoad({ filter: /.*/, namespace: coreNamespace }, async ({ path }) => ({
        contents: await readFile(join(coreDir, path), 'utf8'),
        loader: extension,
      }));
    },
  };
}

function resolveImport({ path, kind }: OnResolveArgs, sealed: boolean): OnResolveResult | undefined {
  if (kind === 'entry-point') return undefined;
  if (path === '@autotest/core') return { path: `index.${extension}`, namespace: coreNamespace, sideEffects: false };
  if (path.startsWith('@autotest/')) return refuse(`'${path}' cannot be used here.`, "Import from '@autotest/core'.");
  if (isBuiltin(path)) return { path: path.startsWith('node:') ? path : `node:${path}`, external: true };
  if (/^(\/|[a-z]:[\\/]|[a-z][a-z0-9+.-]*:)/i.test(path)) {
    return refuse(`'${path}' is an absolute import.`, 'Use a relative path or the name of a package.');
  }
  if (!sealed) return undefined;
  const what = /^\.\.?(\/|$)/.test(path) ? `The file '${path}'` : `The package '${path}'`;
  const remedy = 'Submit the file with the command line, which bundles what it imports.';
  return refuse(`${what} cannot be imported: this control file was given without its directory.`, remedy);
}

function refuse(text: string, remedy: string): OnResolveResult {
  const detail: ResolveDetail = { remedy };
  return { errors: [{ text, detail }] };
}
