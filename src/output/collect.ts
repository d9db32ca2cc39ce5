/** What a finished run printed: small output moves to where its run is stored, large output stays in its file. */

import { lstatSync, unlinkSync } from 'node:fs';

import { LogFile } from './open-log-file.js';
import { RecordFile } from './record-file.js';

export interface CollectedOutput {
  /** How many bytes were printed. */
  readonly bytes: number;
  /** The whole log. Null: it stays in its file, or there is none. */
  readonly inline: Uint8Array | null;
}

/** As in native/log.c: of what was printed, and of that with the headers of its records. */
const INLINE_BYTES = 16 * 1024;
const SMALL_LOG_BYTES = 24 * 1024;
const NOTHING: CollectedOutput = { bytes: 0, inline: null };

/**
 * Reads the log of a run that its launcher did not hand over: it keeps none, or it died. Changes nothing on the disk. The
 * caller stores `inline` durably, and only then, where it is not null, calls removeFile: a crash between the two leaves a
 * file too many, never output too little. Of a log that a crash cut short, `inline` ends with the last whole record. Never
 * throws: what cannot be read now is reported by its size and stays in its file.
 */
export async function collectOutput(file: string): Promise<CollectedOutput> {
  const size = fileSize(file);
  if (size === null) return NOTHING;
  try {
    return await collect(file);
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

async function collect(file: string): Promise<CollectedOutput> {
  const opened = await LogFile.open(file);
  if (opened === null) return NOTHING;
  try {
    const log = await opened.log(true);
    if (!(log instanceof RecordFile)) {
      const { size } = await opened.handle.stat();
      return { bytes: size, inline: size > INLINE_BYTES ? null : await readStart(opened, size) };
    }
    const bytes = await log.countPrinted();
    const end = log.place.offset;
    const isSmall = bytes <= INLINE_BYTES && end <= SMALL_LOG_BYTES;
    return { bytes, inline: isSmall ? await readStart(opened, end) : null };
  } finally {
    await opened.close();
  }
}

async function readStart({ handle }: LogFile, length: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, 0);
  return buffer.subarray(0, bytesRead);
}

/** A file that is gone already is fine, and one that cannot be removed is left to a later prune. Never throws. */
export function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Its content is stored, or worth nothing; a leftover costs a little space.
  }
}
