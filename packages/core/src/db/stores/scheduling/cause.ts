import type { Cause } from '../../../model/entry.ts';
import { clipName, clipReason, toJson } from '../../values.ts';

/** Text of a cause column; undefined leaves the column as it is. */
export function causeColumn(cause: Cause | undefined): string | undefined {
  return cause && toJson({ code: clipName(cause.code), message: clipReason(cause.message) });
}

/** A cause as events carry it: short. */
export function causeInEvent(cause: Cause | undefined): { cause?: Cause } {
  return cause ? { cause: { code: cause.code, message: clipName(cause.message, 1000) } } : {};
}
