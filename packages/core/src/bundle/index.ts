/**
 * Reading and bundling of control files. Node only; brings no ORM and no server.
 *
 * ```ts
 * import { bundleControl } from '@autotest/core/bundle';
 *
 * const bundle = await bundleControl({ entryPath: 'disk-smoke.ts' });
 * console.log(bundle.hash, bundle.metadata.name);
 * ```
 *
 * @module
 */
export { readControlMetadata, readTestMetadata } from './metadata.ts';
export { matchesWithinTime } from './param-schema.ts';
export { BundleCorruptError, ControlFileError, ControlTooLargeError, type SourceProblem } from './errors.ts';
export { bundleControl, type BundleInput, type BundleOptions } from './bundle-control.ts';
export type { ControlBundle } from './control-bundle.ts';
export { bundleFromJson, bundleToJson, type ReadBundleOptions } from './codec.ts';
export { writeBundle } from './write-bundle.ts';
