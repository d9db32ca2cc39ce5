/** Small files that a crash left between a commit and the cleaning up after it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFile } from '../output/collect.js';
import { isDraft, noteFile } from '../output/log-file.js';
import type { RunKey, Store } from '../store/store.js';

/** Removes the notes of runs that are over, and the locks of processes that are gone. */
export async function sweepLeftFiles(store: Store): Promise<void> {
  const names = await readdir(store.runDir);
  const notes = names.flatMap((name) => toRunKey(name) ?? []);
  // A note is written after its claim is committed: a run that is not processing now, is over.
  const processing = await store.areProcessing(notes);
  for (const [index, { seq, run }] of notes.entries()) {
    if (processing[index] === false) removeFile(noteFile(store.runDir, seq, run));
  }
  for (const name of names) if (isDraft(name)) await removeIfOld(join(store.runDir, name));
  await store.sweepLocks();
}

const OLD_MS = 3_600_000;

/** Of a worker that is gone, most likely. If it lives, no harm is done: it makes the file anew. */
async function removeIfOld(draft: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(draft);
    if (Date.now() - mtimeMs > OLD_MS) removeFile(draft);
  } catch {
    // It has just become a note, or is gone.
  }
}

function toRunKey(name: string): RunKey | null {
  const match = /^(\d+)\.(\d+)$/.exec(name);
  return match === null ? null : { seq: Number(match[1]), run: Number(match[2]) };
}
