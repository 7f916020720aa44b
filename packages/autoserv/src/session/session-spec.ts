import type { ClientSessionSpec } from '@autotest/core';
import type { SessionOptions } from './session-options.ts';

/** What the client is told of its session. Paths are relative to the session directory, but for what is used where it is on this machine. */
export function sessionSpec({ bundle, control, about, connection }: SessionOptions): ClientSessionSpec {
  const { spec } = connection;
  const isLocal = spec.transport === 'local';
  const directory = isLocal ? bundle.dir : 'bundle';
  return {
    version: 1,
    ...about,
    hostname: spec.name,
    control: {
      ...control,
      type: 'client',
      entry: bundle.source === undefined ? `${directory}/${bundle.entry}` : 'control.mjs',
      ...(bundle.source !== undefined && { source: bundle.source }),
      modules: Object.fromEntries(Object.entries(bundle.modules).map(([key, path]) => [key, `${directory}/${path}`])),
    },
    resultsDir: 'results',
    cacheDir: '../../cache',
    reboot: spec.attributes['reboot-command'] ?? (isLocal ? 'simulate' : 'reboot'),
  };
}
