/** What a finished run printed: small output moves to where its run is stored, large output stays in its file. */

import { closeSync, lstatSync, openSync, readSync, unlinkSync } from 'node:fs';

import { READ_FLAGS } from './open-file.js';

export interface CollectedOutput {
  readonly bytes: number;
  /** Null: it stays in its file, or there is none. */
  readonly inline: Uint8Array | null;
}

const INLINE_LIMIT_BYTES = 16 * 1024;
const NOTHING: CollectedOutput = { bytes: 0, inline: null };

/**
 * Reads output of at most inlineLimit bytes (16 KiB) and changes nothing on the disk. The caller stores `inline`
 * durably, and only then, where it is not null, calls removeFile: a crash between the two leaves a file too many, never
 * output too little. Never throws: what cannot be read now is reported by its size and stays in its file.
 */
export function readCollected(file: string, inlineLimit = INLINE_LIMIT_BYTES): CollectedOutput {
  const size = fileSize(file);
  if (size === null) return NOTHING;
  if (size > inlineLimit) return { bytes: size, inline: null };
  try {
    const inline = readStart(file, size);
    return { bytes: inline.length, inline };
  } catch {
    return { bytes: size, inline: null };
  }
}

/** Null: no such file, or no regular one. */
function fileSize(file: string): number | null {
  try {
    const entry = lstatSync(file);
    return entry.isFile() ? entry.size : null;
  } catch {
    return null;
  }
}

function readStart(file: string, length: number): Uint8Array {
  const fd = openSync(file, READ_FLAGS);
  try {
    const buffer = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const count = readSync(fd, buffer, done, length - done, done);
      if (count === 0) break; // It shrank meanwhile.
      done += count;
    }
    return buffer.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/** A file that is gone already is fine, and one that cannot be removed is left to a later prune. Never throws. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Its content is stored, or worth nothing; a leftover costs a little space.
  }
}
