import type { HostFacts } from '@autotest/lab';
import type { Column } from '../output/table.ts';

/** What is shown of a lab's hosts. */
export const hostColumns: readonly Column<HostFacts>[] = [
  { title: 'host', value: ({ name }) => name },
  { title: 'kind', value: ({ kind }) => kind },
  { title: 'address', value: ({ address, port }) => (port === 22 ? address : `${address}:${port}`) },
  { title: 'power', value: ({ powered, attributes }) => attributes.power ?? (powered ? 'on' : 'off') },
  { title: 'console', value: ({ attributes }) => attributes.console ?? '' },
  { title: 'faults', value: ({ faults }) => faults.join(' ') },
];
