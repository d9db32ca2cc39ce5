/** Where the output of one run goes: its file, and the caller while it runs if it asked to see it. */

import type { ChildProcess } from 'node:child_process';
import { constants, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { systemErrorCode } from '../errors.js';
import type { LaunchSpec } from './launcher.js';
import { closeQuietly, openPrivateFile } from './private-file.js';
import { noResources } from './start-failure.js';

export interface Capture {
  /** Where its output streams go. */
  readonly stdio: readonly ['pipe', 'pipe'] | readonly [number | 'ignore', number | 'ignore'];
  /** Called once, right after the spawn; with null when it failed. */
  attach(child: ChildProcess | null): void;
  /** Once the process and its group are gone: takes what is still in the pipes, without waiting for whoever holds them. */
  finish(): Promise<void>;
  /** Why the file misses something, in plain words. */
  lost(): string | null;
}

/** A file that cannot be opened loses log bytes, never the job. Throws only for want of descriptors or memory. */
export function openCapture(spec: LaunchSpec): Capture {
  let fd: number | null = null;
  let problem: string | null = null;
  try {
    fd = openPrivateFile(spec.outputFile, constants.O_APPEND);
  } catch (error) {
    // The start would fail for the same reason; the job is given back with nothing lost.
    if (noResources(error) !== null) throw error;
    problem = `its output was not kept: ${systemErrorCode(error) ?? String(error)}`;
  }
  return spec.onOutput === undefined
    ? captureToFile(fd, problem)
    : captureToCaller(fd, problem, spec.onOutput);
}

/** The process writes to the file by itself: nothing passes through us, so we neither slow it nor grow with it. */
function captureToFile(fd: number | null, problem: string | null): Capture {
  const target = fd ?? 'ignore';
  return {
    stdio: [target, target],
    attach: () => closeQuietly(fd),
    finish: () => Promise.resolve(),
    lost: () => problem,
  };
}

function captureToCaller(
  fd: number | null,
  problem: string | null,
  onOutput: NonNullable<LaunchSpec['onOutput']>,
): Capture {
  let lost = problem;
  let streams: Readable[] = [];
  let chunks = 0;
  let listener: typeof onOutput | null = onOutput;

  const take = (stream: 'stdout' | 'stderr', chunk: Buffer): void => {
    chunks += 1;
    try {
      // Written at once: a backlog in memory would grow with a chatty job.
      if (fd !== null) writeAll(fd, chunk);
    } catch (error) {
      lost ??= `part of its output was not kept: ${systemErrorCode(error) ?? String(error)}`;
    }
    try {
      listener?.(stream, chunk);
    } catch {
      listener = null; // Nobody reads any more (a closed terminal): the job goes on, and so does its file.
    }
  };

  return {
    stdio: ['pipe', 'pipe'],
    attach: (child) => {
      if (child === null) closeQuietly(fd);
      child?.stdout?.on('data', (chunk: Buffer) => take('stdout', chunk));
      child?.stderr?.on('data', (chunk: Buffer) => take('stderr', chunk));
      streams = [child?.stdout, child?.stderr].filter((stream) => stream !== null && stream !== undefined);
      // A read error ends that stream alone.
      for (const stream of streams) stream.on('error', () => stream.destroy());
    },
    finish: async () => {
      await drain(streams, () => chunks);
      for (const stream of streams) stream.destroy();
      closeQuietly(fd);
    },
    lost: () => lost,
  };
}

function writeAll(fd: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
}

const DRAIN_MS = 1000;

/**
 * All writers of the group are gone, so what they wrote lies in the pipes and is read in the next turns of the event
 * loop: two turns in which nothing came mean empty pipes. A process that left the group may hold them open, or go on
 * printing, for ever: hence no waiting for their end, and a last moment.
 */
async function drain(streams: readonly Readable[], chunkCount: () => number): Promise<void> {
  const deadline = performance.now() + DRAIN_MS;
  let before = -1;
  while (
    performance.now() < deadline &&
    before !== chunkCount() &&
    !streams.every((stream) => stream.closed)
  ) {
    before = chunkCount();
    await nextTurn();
    await nextTurn();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
