import { NotSupportedError } from '../../../errors/autotest-error.ts';
import type { ResultStore } from '../../database.ts';
import type { Session } from '../../session.ts';

export function resultStore(session: Session): ResultStore {
  const no = (): never => {
    throw new NotSupportedError(`Reading results from ${session.engine}`, 'Read the results directory.');
  };
  return { nodes: no, metrics: no, keyvals: no, history: no };
}
