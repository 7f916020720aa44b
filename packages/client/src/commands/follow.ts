import { existsSync, watch, type FSWatcher } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { FileIds } from '../follow/file-ids.ts';
import { FileSender } from '../follow/file-sender.ts';
import { FrameWriter } from '../follow/frame-writer.ts';
import { TreeWatch } from '../follow/tree-watch.ts';
import { readBootId } from '../session/boot-id.ts';
import { readClientExit, readSessionSpec, runningClient, sessionFiles } from '../session/session-files.ts';
import type { FollowRequest } from '@autotest/core';
import { startSession } from './start.ts';

const beatIntervalMs = 2000;
/** Where watches miss a change (some file systems), files that grow are looked at this often, and everything now and then. */
const pollIntervalMs = 100;
/** After the client's last word it is looked for more often, for a while: one that reboots the machine stays until it is killed. */
const endPollMs = 5;
const endSoonMs = 1000;
const scanIntervalMs = 5000;
const blindScanIntervalMs = 1000;
const hotForMs = 10_000;

/**
 * `follow --session DIR [--start]`: streams the growth of the session's results to stdout until the client is gone, or stdin is closed.
 *
 * @param program what to start as the client first; nothing is started without
 */
export async function followSession(directory: string, program?: string): Promise<void> {
  const files = sessionFiles(directory);
  const spec = readSessionSpec(files);
  process.stdout.on('error', () => process.exit(0));
  const request = await readRequest(() => process.exit(0));
  const out = new FrameWriter(process.stdout);
  if (program !== undefined) {
    const { pid, running, resumed } = await startSession(directory, program);
    void out.write({ type: 'started', pid, running, resumed });
  }
  const sender = new FileSender(spec.resultsDir, request.have, new FileIds(files.followed), out);

  const dirty = new Set<string>();
  const hot = new Map<string, number>();
  let wake = doNothing;
  const mark = (path: string): void => {
    dirty.add(path);
    wake();
  };
  const tree = new TreeWatch(spec.resultsDir, {
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

  // A client that ends says so in the session directory; its last breath comes a moment later.
  let lastWordAt = Number.NEGATIVE_INFINITY;
  const ending = watchFile(files.dir, basename(files.exit), () => {
    if (!existsSync(files.exit)) return;
    lastWordAt = performance.now();
    wake();
  });

  let lastBeat = Number.NEGATIVE_INFINITY;
  let lastScan = Number.NEGATIVE_INFINITY;
  let wasAlive: boolean | undefined;
  const bootId = readBootId();
  for (;;) {
    const now = performance.now();
    const clientAlive = runningClient(files) !== undefined;
    if (now - lastScan >= (tree.blind ? blindScanIntervalMs : scanIntervalMs) || !clientAlive) {
      tree.scan();
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
      const timer = setTimeout(resolve, now - lastWordAt < endSoonMs ? endPollMs : pollIntervalMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (dirty.size > 0) wake();
    });
  }
  tree.close();
  ending?.close();
  const exitCode = readClientExit(files);
  await out.write({ type: 'end', ...(exitCode !== undefined && { exitCode }) });
  process.stdout.end(() => process.exit(0));
}

function doNothing(): void {}

/** Calls back when a file of a directory changes; undefined where the system cannot watch. */
function watchFile(directory: string, name: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, (_, file) => {
      if (file === name) onChange();
    });
    watcher.on('error', doNothing);
    return watcher;
  } catch {
    return undefined;
  }
}

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
