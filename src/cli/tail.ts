/** The last lines of a stream of bytes of any length, without holding it in memory. */

const NEWLINE = 10;

/** The offset at which the last `count` lines begin. A last line without a newline counts as one. */
export async function startOfLastLines(chunks: AsyncIterable<Uint8Array>, count: number): Promise<number> {
  // Where the latest lines begin, as a ring: `count` of them, and one more for a line that is still empty.
  const starts = Array.from({ length: count + 1 }, () => 0);
  let line = 0;
  let offset = 0;
  for await (const chunk of chunks) {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
      line += 1;
      starts[line % starts.length] = offset + at + 1;
    }
    offset += chunk.length;
  }
  if (count === 0) return offset;
  const lastIsEmpty = starts[line % starts.length] === offset;
  const first = lastIsEmpty ? line - count : line - count + 1;
  return first <= 0 ? 0 : (starts[first % starts.length] ?? 0);
}

export async function* skipBytes(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
