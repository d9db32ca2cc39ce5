/** Reads the log of a worker across the files that it was rotated to, and goes on with it as it grows. */
import { lstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { FileBell } from '../../output/file-bell.js';
import { openForReading, readChunks } from '../../output/open-file.js';
import { generationsOf } from './files.js';

export interface ReadOptions {
  /** Only these last lines of what is there; all by default. */
  readonly lastLines?: number | undefined;
  /** Given: it goes on with what is appended until it aborts, and yields all that was there at that moment. */
  readonly follow?: AbortSignal | undefined;
}

interface OpenLog {
  readonly handle: FileHandle;
  readonly inode: string;
  /** What was read so far. */
  offset: number;
}

/** Each byte once, in order, whatever is rotated meanwhile; what was removed before it was opened is not seen. */
export async function* readWorkerLog(
  log: string,
  { lastLines, follow }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let files = await openNewerThan(log, undefined);
  let bell = new FileBell(log);
  const ring = (): void => bell.ring();
  follow?.addEventListener('abort', ring, { once: true });
  try {
    if (lastLines !== undefined) await placeAtLast(files, lastLines);
    for (;;) {
      // Asked before the look, so that the last look comes after the abort.
      const isLastLook = follow?.aborted ?? true;
      bell.listen();
      // Asked before the read: where there is a newer file, the older ones do not grow any more.
      const newer = await openNewerThan(log, files[0]?.inode);
      files = [...newer, ...files];
      for (const file of files.toReversed()) yield* readOn(file);
      await closeAll(files.splice(1));
      if (newer.length > 0) {
        // A watch follows the file, not its name.
        bell.close();
        bell = new FileBell(log);
      } else if (isLastLook) return;
      else await bell.rung();
    }
  } finally {
    follow?.removeEventListener('abort', ring);
    bell.close();
    await closeAll(files);
  }
}

/**
 * The files that are newer than that one, newest first. They are opened in this order, so that a rotation meanwhile hides
 * none: it only lets one be met twice.
 */
async function openNewerThan(log: string, inode: string | undefined): Promise<OpenLog[]> {
  if (inode !== undefined && inodeAt(log) === inode) return [];
  const found: OpenLog[] = [];
  for (const path of generationsOf(log)) {
    const handle = await openForReading(path);
    if (handle === null) continue;
    const stat = await handle.stat();
    const file = { handle, inode: `${stat.dev}:${stat.ino}`, offset: 0 };
    const isMetAgain = found.some((other) => other.inode === file.inode);
    if (isMetAgain || file.inode === inode) await handle.close();
    if (file.inode === inode) break;
    if (!isMetAgain) found.push(file);
  }
  return found;
}

function inodeAt(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

async function* readOn(file: OpenLog): AsyncGenerator<Uint8Array, void, undefined> {
  const { size } = await file.handle.stat();
  for await (const bytes of readChunks(file.handle, file.offset, size)) {
    file.offset += bytes.length;
    yield bytes;
  }
}

async function closeAll(files: readonly OpenLog[]): Promise<void> {
  for (const { handle } of files) await handle.close();
}

/** Newest first, until the lines are found; older files count as read. */
async function placeAtLast(files: readonly OpenLog[], lines: number): Promise<void> {
  let wanted = lines;
  for (const file of files) {
    const { size } = await file.handle.stat();
    const { offset, found } = await lastLines(file.handle, size, wanted);
    file.offset = offset;
    wanted -= found;
  }
}

const NEWLINE = 10;
const BLOCK_BYTES = 64 * 1024;

/** Where the last lines begin, and how many of them there are. The newline at the very end begins none. */
async function lastLines(
  handle: FileHandle,
  size: number,
  wanted: number,
): Promise<{ readonly offset: number; readonly found: number }> {
  if (wanted <= 0 || size === 0) return { offset: size, found: 0 };
  let found = 0;
  for (let end = size; end > 0; end -= BLOCK_BYTES) {
    const from = Math.max(0, end - BLOCK_BYTES);
    const block = Buffer.alloc(end - from);
    await handle.read(block, 0, block.length, from);
    for (let at = block.length - 1; at >= 0; at -= 1) {
      if (block[at] !== NEWLINE || from + at === size - 1) continue;
      found += 1;
      if (found === wanted) return { offset: from + at + 1, found };
    }
  }
  return { offset: 0, found: found + 1 };
}
