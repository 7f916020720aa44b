import { posix } from 'node:path';
import { bundlePath } from './control-bundle.ts';
import { coreNamespace } from './resolve-plugin.ts';

/**
 * Puts a source map at the end of a module. Its sources are named as if they lay in the bundle's directory, so a stack trace
 * names `<directory>/disk-smoke.ts:12` wherever the bundle is written.
 *
 * @param map source map with names relative to the control file's directory
 * @param output path of the module in the bundle
 */
export function inlineSourceMap(code: string, map: string, output: string): string {
  const { version, sources, mappings, names } = readSourceMap(map);
  const renamed = sources.map((source) => renameSource(source, output));
  const text = JSON.stringify({ version, sources: renamed, mappings, names });
  return `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(text).toString('base64')}\n`;
}

function renameSource(source: string, output: string): string {
  if (source.startsWith(`${coreNamespace}:`)) return source;
  return posix.relative(posix.dirname(output), bundlePath(source));
}

interface SourceMap {
  readonly version: number;
  readonly sources: readonly string[];
  readonly mappings: string;
  readonly names: readonly string[];
}

function readSourceMap(text: string): SourceMap {
  const map: SourceMap = JSON.parse(text);
  return map;
}
