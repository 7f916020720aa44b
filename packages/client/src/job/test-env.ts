import { dirname, join } from 'node:path';
import type { LeafPlace } from '@autotest/core/runtime';
import { formatTraceParent, nodePath, parseTraceParent, type ClientSessionSpec } from '@autotest/core';
import { testTrace } from '@autotest/core/node';
import type { ClientSession } from '../session/client-session.ts';

/** Environment of a test or command: what tests are told about where they run. */
export function testEnv({ spec }: ClientSession, place: LeafPlace): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CI: 'true',
    JOB_ID: String(spec.job?.id ?? 'local'),
    TEST_ID: nodePath(place.scope),
    RESULT_DIR: join(spec.resultsDir, place.subdir),
    ATTEMPT: String(place.attempt),
    ...traceEnv(spec.trace, place),
    // So that commands find the Node that runs the client, also where it was shipped.
    PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:${dirname(process.execPath)}`,
  };
}

/** What a test does hangs from its own span, where the server will name that the same; else from the execution's. */
function traceEnv(trace: ClientSessionSpec['trace'], { scope, attempt }: LeafPlace): NodeJS.ProcessEnv {
  const parent = parseTraceParent(trace?.parent);
  if (!trace || !parent) return {};
  if (!trace.scope) return { TRACEPARENT: trace.parent };
  return { TRACEPARENT: formatTraceParent(testTrace(parent, nodePath([...trace.scope, ...scope]), attempt)) };
}

/** Names one run of a test among all processes of the machine. */
export function testRunId({ files }: ClientSession, place: LeafPlace): string {
  return `${files.dir}:${nodePath(place.scope)}:${place.attempt}`;
}
