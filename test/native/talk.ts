/** Talks to the program itself, frame by frame. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { EventReader } from '../../src/launcher/native-events.js';
import type { LauncherEvent } from '../../src/launcher/protocol.js';
import { killQuietly, waitUntil } from '../support/processes.js';
import { hello } from './frames.mjs';

export interface Talk {
  readonly child: ChildProcessWithoutNullStreams;
  readonly dir: string;
  readonly events: LauncherEvent[];
  readonly errors: string[];
  say(...frames: Buffer[]): void;
  /** The first event of this type that passes, now or later. */
  hear<T extends LauncherEvent['type']>(
    type: T,
    passes?: (event: Extract<LauncherEvent, { type: T }>) => boolean,
  ): Promise<Extract<LauncherEvent, { type: T }>>;
  /** Its exit code, or the signal that killed it; waits for it. */
  ended(): Promise<number | string>;
}

/** Starts the program, by a tool if one is named, and greets it unless told otherwise. */
export function talkTo(
  command: readonly string[],
  { greet = true }: { readonly greet?: boolean } = {},
): Talk {
  const [file = '', ...args] = command;
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-talk-'));
  const child = spawn(file, args, { stdio: 'pipe', cwd: dir });
  onTestFinished(() => {
    killQuietly(child.pid ?? 0);
    rmSync(dir, { recursive: true, force: true });
  });
  const events: LauncherEvent[] = [];
  const errors: string[] = [];
  let end: number | string | null = null;
  const reader = new EventReader();
  child.stdout.on('data', (chunk: Buffer) => events.push(...reader.read(chunk)));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.on('close', (code, signal) => (end = signal ?? code));
  const say = (...frames: Buffer[]): void => void child.stdin.write(Buffer.concat(frames));
  if (greet) say(hello());
  return {
    child,
    dir,
    events,
    errors,
    say,
    hear: (type, passes = () => true) => {
      type Wanted = Extract<LauncherEvent, { type: typeof type }>;
      const isWanted = (event: LauncherEvent): event is Wanted =>
        event.type === type && passes(event as Wanted);
      return waitUntil(() => events.find(isWanted) ?? null, { what: `the event ${type}` });
    },
    ended: async () => {
      await waitUntil(() => end !== null, { what: 'the end of the launcher' });
      return end ?? -1;
    },
  };
}
