import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { QueueError, systemErrorCode } from '../errors.js';

/** For open(2). A symlink put in a log's place must not show another file. Windows has no such flag. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** Null where there is no such file; throws `unavailable` where it cannot be opened. */
export async function openForReading(file: string): Promise<FileHandle | null> {
  try {
    return await open(file, READ_FLAGS);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return null;
    throw new QueueError('unavailable', `cannot read ${file}: ${code ?? String(error)}`, undefined, {
      cause: error,
    });
  }
}

const CHUNK_BYTES = 64 * 1024;

/** What lies between two offsets, in chunks of at most 64 KiB; ends early where the file does. */
export async function* readChunks(
  file: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = from; offset < to;) {
    // A buffer of its own for each chunk: the reader may keep it.
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - offset));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
