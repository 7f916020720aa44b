import { createInterface } from 'node:readline';
import { FileIds } from '../follow/file-ids.ts';
import { FileSender } from '../follow/file-sender.ts';
import { FrameWriter } from '../follow/frame-writer.ts';
import { TreeWatch } from '../follow/tree-watch.ts';
import { readBootId } from '../session/boot-id.ts';
import { readClientExit, readSessionSpec, runningClient, sessionFiles } from '../session/session-files.ts';
import type { FollowRequest } from '@autotest/core';

const beatIntervalMs = 2000;
/** Where watches miss a change (some file systems), files that grow are looked at this often, and everything now and then. */
const pollIntervalMs = 100;
const scanIntervalMs = 5000;
const blindScanIntervalMs = 1000;
const hotForMs = 10_000;

/** `follow --session DIR`: streams the growth of the session's results to stdout until the client is gone, or stdin is closed. */
export async function followSession(directory: string): Promise<void> {
  const files = sessionFiles(directory);
  const spec = readSessionSpec(files);
  process.stdout.on('error', () => process.exit(0));
  const request = await readRequest(() => process.exit(0));
  const out = new FrameWriter(process.stdout);
  const sender = new FileSender(spec.resultsDir, request.have, new FileIds(files.followed), out);

  const dirty = new Set<string>();
  const hot = new Map<string, number>();
  let wake = doNothing;
  const mark = (path: string): void => {
    dirty.add(path);
    wake();
  };
  const watch = new TreeWatch(spec.resultsDir, {
    onFile: mark,
    onRefused: (path, why) => void sender.refuse(path, why),
  });
  const flush = async (): Promise<void> => {
    while (dirty.size > 0) {
      const paths = [...dirty];
      dirty.clear();
      for (const path of paths) if (await sender.send(path)) hot.set(path, performance.now());
    }
  };

  let lastBeat = Number.NEGATIVE_INFINITY;
  let lastScan = Number.NEGATIVE_INFINITY;
  let wasAlive: boolean | undefined;
  const bootId = readBootId();
  for (;;) {
    const now = performance.now();
    const clientAlive = runningClient(files) !== undefined;
    if (now - lastScan >= (watch.blind ? blindScanIntervalMs : scanIntervalMs) || !clientAlive) {
      watch.scan();
      lastScan = now;
    }
    for (const [path, since] of hot) {
      if (now - since > hotForMs) hot.delete(path);
      else dirty.add(path);
    }
    if (now - lastBeat >= beatIntervalMs || clientAlive !== wasAlive) {
      void out.write({ type: 'beat', t: Date.now(), clientAlive, bootId });
      lastBeat = now;
      wasAlive = clientAlive;
    }
    await flush();
    if (!clientAlive) break;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pollIntervalMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (dirty.size > 0) wake();
    });
  }
  watch.close();
  const exitCode = readClientExit(files);
  await out.write({ type: 'end', ...(exitCode !== undefined && { exitCode }) });
  process.stdout.end(() => process.exit(0));
}

function doNothing(): void {}

/** The first line on stdin. Afterwards stdin is only watched for its end. */
function readRequest(onEnd: () => void): Promise<FollowRequest> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.once('line', (line) => resolve(parseRequest(line)));
    lines.once('close', onEnd);
  });
}

function parseRequest(line: string): FollowRequest {
  try {
    const request: Partial<FollowRequest> = JSON.parse(line);
    return { have: typeof request.have === 'object' && request.have !== null ? request.have : {} };
  } catch {
    return { have: {} };
  }
}
