/**
 * The files of which notes of running processes are made: once a run is over, its note's file becomes the next one's. A file
 * for each run would be made and removed a thousand times a second, and ext4 passes over every inode that was given up in the
 * last five seconds when it looks for a free one: with short jobs that took a tenth of both processors.
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { removeFile } from '../output/collect.js';
import { draftFile } from '../output/log-file.js';

export class NoteDrafts {
  readonly #runDir: string;
  /** Nobody else's, in any container that shares the home. */
  readonly #name = randomBytes(8).toString('hex');
  readonly #free: string[] = [];
  #made = 0;

  constructor(runDir: string) {
    this.#runDir = runDir;
  }

  /** For one run; it need not exist. */
  take(): string {
    return this.#free.pop() ?? draftFile(this.#runDir, `${this.#name}-${++this.#made}`);
  }

  /** The run is over, and so is its note, if it had one. */
  giveBack(draft: string, noteFile: string): void {
    try {
      renameSync(noteFile, draft);
    } catch {
      // There was none, or somebody has removed it: the next run makes the file anew.
    }
    this.#free.push(draft);
  }

  /** Nothing runs any more. What a crash leaves is swept up (maintenance/sweep.ts). */
  remove(): void {
    for (const draft of this.#free.splice(0)) removeFile(draft);
  }
}
