import { openForReading, readChunks } from './open-file.js';

/**
 * A file's bytes from one offset up to another (its end), in chunks, never as a whole in memory. A missing file is an
 * empty one. Throws `unavailable` where it cannot be read.
 */
export async function* readFileRange(
  file: string,
  from = 0,
  to = Infinity,
): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await openForReading(file);
  if (handle === null) return;
  try {
    yield* readChunks(handle, from, to);
  } finally {
    await handle.close();
  }
}

/** The end of a file, and where in the file it begins: offset + bytes.length is where to go on following. */
export interface Tail {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** At most the last maxBytes; it may begin in the middle of a line or character. A missing file is an empty one. */
export async function readTail(file: string, maxBytes: number): Promise<Tail> {
  const handle = await openForReading(file);
  if (handle === null) return { offset: 0, bytes: new Uint8Array(0) };
  try {
    const { size } = await handle.stat();
    const offset = Math.max(0, size - maxBytes);
    const chunks: Uint8Array[] = [];
    for await (const chunk of readChunks(handle, offset, size)) chunks.push(chunk);
    return { offset, bytes: Buffer.concat(chunks) };
  } finally {
    await handle.close();
  }
}
