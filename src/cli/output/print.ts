/** The one place where bytes leave the process. Synchronous: what a command printed is out before it exits. */
import { writeSync } from 'node:fs';
import { QueueError, systemErrorCode } from '../../errors.js';

/** Whoever read our output has gone: `| head` has seen enough. A command ends on it quietly. */
export class ReaderGone extends Error {}

const RETRY_MS = 5;

/**
 * Writes all of it. Throws ReaderGone where nobody reads stdout any more, `failed` where it cannot be written;
 * on stderr neither is worth an error.
 */
export function writeAll(fd: 1 | 2, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      const code = systemErrorCode(error);
      // A pipe that another process made non-blocking is full: wait for its reader, without spinning.
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      else if (fd === 2) return;
      else if (isReaderGone(code)) throw new ReaderGone();
      else
        throw new QueueError('failed', `cannot write the output: ${code ?? 'unknown error'}`, undefined, {
          cause: error,
        });
    }
  }
}

/** EIO is what a terminal says once it was closed. */
function isReaderGone(code: string | undefined): boolean {
  return code === 'EPIPE' || code === 'EIO' || code === 'ECONNRESET';
}
