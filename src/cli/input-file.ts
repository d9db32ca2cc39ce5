import { createReadStream } from 'node:fs';
import { QueueError, systemErrorCode, usageError } from '../errors.js';

const CHUNK_BYTES = 256 * 1024;

/** The bytes of a file, or of stdin for "-". Throws `usage` or `not_permitted` where it cannot be read. */
export async function* readInput(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  } catch (error) {
    throw systemErrorCode(error) === undefined ? error : inputError(error, path);
  }
}

function inputError(error: unknown, path: string): Error {
  const code = systemErrorCode(error);
  const what = `cannot read ${path === '-' ? 'the standard input' : path}`;
  if (code === 'ENOENT') return usageError(`${what}: no such file`);
  if (code === 'EISDIR') return usageError(`${what}: it is a directory`);
  if (code === 'EACCES')
    return new QueueError('not_permitted', `${what}: permission denied`, undefined, { cause: error });
  return new QueueError('failed', `${what}: ${code ?? 'unknown error'}`, undefined, { cause: error });
}
