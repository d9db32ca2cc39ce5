import { createReadStream, fstatSync, statSync } from 'node:fs';
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

/** How long it is, where it is a file; else undefined. */
export function inputBytes(path: string): number | undefined {
  try {
    const stat = path === '-' ? fstatSync(0) : statSync(path);
    return stat.isFile() && stat.size > 0 ? stat.size : undefined;
  } catch {
    return undefined; // reading it says why
  }
}

/** The chunks until the signal aborts: then it ends at once, even where nothing comes. Each chunk is told of. */
export async function* untilAborted(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  onChunk: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const aborted = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  while (!signal.aborted) {
    const next = await Promise.race([chunks.next(), aborted]);
    if (next === null || next.done === true) return;
    onChunk(next.value.length);
    yield next.value;
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
