import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArray } from '../../src/cli/read-array.js';
import type { Element } from '../../src/cli/read-array.js';
import { LONGEST_LINE_BYTES } from '../../src/cli/read-lines.js';

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}

async function read(parts: (string | Uint8Array)[], elements: Element[] = []): Promise<Element[]> {
  for await (const some of readArray(chunks(...parts))) elements.push(...some);
  return elements;
}

describe('readArray', () => {
  it('gives each element with its number and the line it begins on', async () => {
    expect(await read(['\uFEFF [\n{"a":\n1} ,\n\n "x]\\"," , [1,[2]],3 \n]\n'])).toEqual([
      { element: 1, number: 2, text: '{"a":\n1}' },
      { element: 2, number: 5, text: '"x]\\","' },
      { element: 3, number: 5, text: '[1,[2]]' },
      { element: 4, number: 5, text: '3' },
    ]);
  });

  it('gives the same elements however the stream is cut', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.constantFrom(0, 1, 2),
      fc.array(fc.nat(300)),
      async (values, indent, cuts) => {
        const bytes = Buffer.from(JSON.stringify(values, null, indent));
        const ends = cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b);
        const parts = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        const elements = await read(parts);
        expect(elements.map(({ text }) => JSON.parse(text))).toEqual(JSON.parse(bytes.toString()));
        expect(elements.map(({ element }) => element)).toEqual(values.map((_, index) => index + 1));
      },
    );
    await fc.assert(property);
  });

  it('yields the elements before a bad one, then names it', async () => {
    const seen: Element[] = [];
    const reading = read(['[1,\n', Buffer.from([0x22, 0xff, 0x22]), ',2]'], seen);
    await expect(reading).rejects.toMatchObject({
      code: 'usage',
      line: 2,
      message: 'line 2: element 2: it is not valid UTF-8',
    });
    expect(seen).toEqual([{ element: 1, number: 1, text: '1' }]);
  });

  it('refuses an element over 1 MiB before all of it was read', async () => {
    let bytes = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('[1, "');
      for (;;) {
        bytes += 65_536;
        yield Buffer.alloc(65_536, 'x');
      }
    }
    const reading = (async () => {
      for await (const elements of readArray(endless())) void elements;
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'usage',
      message: 'line 1: element 2: it is longer than 1 MiB',
    });
    expect(bytes).toBeLessThanOrEqual(LONGEST_LINE_BYTES + 2 * 65_536);
  });
});
