import type { LabelRow } from '../rows.ts';

/** What is to be known of labels besides which hosts carry them. */
export interface LabelStore {
  set(label: LabelRow, by: string): Promise<LabelRow>;
  /** Forgets a label and takes it off all hosts; gives how many carried it. @throws AutotestError AT_NOT_FOUND: neither known nor carried */
  remove(name: string, by: string): Promise<number>;
  /** All that are described or carried, by name, with the number of hosts that carry them. */
  list(): Promise<(LabelRow & { readonly hosts: number })[]>;
}
