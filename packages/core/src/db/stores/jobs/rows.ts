import type { EntryRow, ExecutionRow, JobRow, TaskRow } from '../../rows.ts';
import { rowReader } from '../../values.ts';

export const jobRow = rowReader<JobRow>({
  json: ['metadata', 'params', 'keyvals', 'after'],
  flags: ['runVerify'],
  hidden: ['requestId'],
});

export const entryRow = rowReader<EntryRow>({
  json: ['cause', 'triedHostIds', 'repairedHostIds'],
  flags: ['named', 'hostless', 'abortRequested'],
});

export const executionRow = rowReader<ExecutionRow>({ json: ['cause'] });

export const taskRow = rowReader<TaskRow>({ json: ['cause'] });
