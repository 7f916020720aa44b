import type { HostProbe } from '../../session/probe.ts';
import type { StepHost } from '../host-step.ts';

/** What a host said of itself; asked once for all steps of a verify. */
export type Probed = (host: StepHost) => Promise<HostProbe>;
