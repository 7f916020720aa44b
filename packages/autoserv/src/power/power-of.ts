import type { HostSpec, PowerDriver } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';
import { makePower } from './make-power.ts';

/** How long a power device may take to switch a host, retries included. */
export const powerMs = 2 * 60_000;

/**
 * The power driver of a host; undefined where its attribute `power` is not set. Nothing is connected before the first call.
 *
 * @throws DriverUrlError
 */
export function powerOf(
  context: Pick<ExecutionContext, 'env'>,
  host: HostSpec | { readonly spec: HostSpec },
): PowerDriver | undefined {
  const spec = 'spec' in host ? host.spec : host;
  return spec.attributes.power === undefined ? undefined : makePower(spec, spec.attributes.power, context.env);
}
