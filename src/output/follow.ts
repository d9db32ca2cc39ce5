import type { FileHandle } from 'node:fs/promises';

import { FileBell } from './file-bell.js';
import { openForReading, readChunks } from './open-file.js';

/**
 * What is in a file from an offset on, and what is appended to it, within some milliseconds. The file need not exist
 * yet. Ends when the signal is aborted, after yielding all that the file held at that moment. A file that was opened is
 * read to its end even when it is removed meanwhile; one that came and went unseen yields nothing, so the caller compares
 * with what the run says it printed. Starts again at 0 when the file was cut (`> /dev/stdout` in a job does that).
 */
export async function* followFile(
  file: string,
  signal: AbortSignal,
  fromOffset = 0,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bell = new FileBell(file);
  const ring = (): void => bell.ring();
  signal.addEventListener('abort', ring, { once: true });
  let handle: FileHandle | null = null;
  let offset = fromOffset;
  try {
    for (;;) {
      // Asked before the size, so that the last look comes after the abort.
      const isLastLook = signal.aborted;
      // Watched before the look, so that no append falls between the two.
      bell.listen();
      handle ??= await openForReading(file);
      if (handle !== null) {
        const { size } = await handle.stat();
        if (size < offset) offset = 0;
        // Up to the size seen now: a process that prints faster than we read must not keep us from ending.
        for await (const chunk of readChunks(handle, offset, size)) {
          offset += chunk.length;
          yield chunk;
        }
      }
      if (isLastLook) return;
      await bell.rung();
    }
  } finally {
    signal.removeEventListener('abort', ring);
    bell.close();
    await handle?.close();
  }
}
