import type { SuiteRow } from '../../rows.ts';
import { rowReader } from '../../values.ts';

export const suiteRow = rowReader<SuiteRow>();
