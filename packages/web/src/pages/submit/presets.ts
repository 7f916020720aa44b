import hello from '../../../../../examples/hello/control.ts?raw';
import twoHosts from '../../../../../examples/two-hosts/control.ts?raw';

/** Control files to begin with: the examples, as they are tested. */
export const presets = [
  { key: 'hello', label: 'Hello (client control)', source: hello },
  { key: 'two-hosts', label: 'Two hosts (server control)', source: twoHosts },
] as const;
