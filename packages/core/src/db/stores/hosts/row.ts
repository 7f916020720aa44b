import type { HostRow } from '../../rows.ts';
import { rowReader } from '../../values.ts';

export const hostRow = rowReader<HostRow>({
  json: ['hostKeys', 'labels', 'attributes'],
  flags: ['dirty', 'draining', 'oneTime'],
});
