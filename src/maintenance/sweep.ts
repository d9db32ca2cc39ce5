/** Small files that a crash left between a commit and the cleaning up after it. */
import { readdir } from 'node:fs/promises';
import { removeFile } from '../output/collect.js';
import { noteFile } from '../output/log-file.js';
import type { RunKey, Store } from '../store/store.js';

/** Removes the notes of runs that are over, and the locks of processes that are gone. */
export async function sweepLeftFiles(store: Store): Promise<void> {
  const notes = (await readdir(store.runDir)).flatMap((name) => toRunKey(name) ?? []);
  // A note is written after its claim is committed: a run that is not processing now, is over.
  const processing = await store.areProcessing(notes);
  for (const [index, { seq, run }] of notes.entries()) {
    if (processing[index] === false) removeFile(noteFile(store.runDir, seq, run));
  }
  await store.sweepLocks();
}

function toRunKey(name: string): RunKey | null {
  const match = /^(\d+)\.(\d+)$/.exec(name);
  return match === null ? null : { seq: Number(match[1]), run: Number(match[2]) };
}
