import { NotSupportedError } from '../../../errors/autotest-error.ts';
import type { SchedulingStore } from '../../database.ts';
import type { Session } from '../../session.ts';

export const ingest = async (
  session: Session,
  ..._args: Parameters<SchedulingStore['ingest']>
): ReturnType<SchedulingStore['ingest']> => {
  throw new NotSupportedError(`Ingest on ${session.engine}`, 'Use a later version.');
};
