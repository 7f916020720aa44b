import type { RecurringRow } from '../../rows.ts';
import { rowReader } from '../../values.ts';

export const recurringRow = rowReader<RecurringRow>({ flags: ['enabled'] });
