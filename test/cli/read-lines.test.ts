import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_LINE_BYTES, readLines } from '../../src/cli/read-lines.js';
import type { Line } from '../../src/cli/read-lines.js';

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}

async function read(...parts: (string | Uint8Array)[]): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const some of readLines(chunks(...parts))) lines.push(...some);
  return lines;
}

describe('readLines', () => {
  it('takes off BOM and CR, and passes over blank lines without losing count', async () => {
    expect(await read('\uFEFFa\r\n\r\n  \nb')).toEqual([
      { number: 1, text: 'a' },
      { number: 4, text: 'b' },
    ]);
  });

  it('gives the same lines however the stream is cut', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', '"', 'é', '字', '👩', '\r', ' ') });
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(200)), async (texts, cuts) => {
        const bytes = Buffer.from(texts.join('\n'));
        const places = [
          0,
          ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const parts = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const expected = texts
          .map((text, index) => ({ number: index + 1, text: text.trim() }))
          .filter(({ text }) => text !== '');
        expect(await read(...parts)).toEqual(expected);
      }),
    );
  });

  it('yields the lines before a bad one, then names it', async () => {
    const seen: Line[] = [];
    const reading = (async () => {
      for await (const some of readLines(chunks('a\n', Buffer.from([0x62, 0xff, 0x0a]), 'c\n')))
        seen.push(...some);
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'usage',
      line: 2,
      message: 'line 2: it is not valid UTF-8',
    });
    expect(seen).toEqual([{ number: 1, text: 'a' }]);
  });

  it('refuses a line over 1 MiB before all of it was read', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a\n');
      for (;;) {
        read += 65_536;
        yield Buffer.alloc(65_536, 'x');
      }
    }
    const reading = (async () => {
      for await (const lines of readLines(endless())) void lines;
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'usage',
      line: 2,
      message: 'line 2: it is longer than 1 MiB',
    });
    expect(read).toBeLessThanOrEqual(LONGEST_LINE_BYTES + 2 * 65_536);
  });
});
