import fc from 'fast-check';
import { expect, it } from 'vitest';
import { skipBytes, startOfLastLines } from '../../src/cli/tail.js';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

async function lastLines(text: string, size: number, count: number): Promise<string> {
  const from = await startOfLastLines(pieces(text, size), count);
  const chunks: Uint8Array[] = [];
  for await (const chunk of skipBytes(pieces(text, size), from)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it('the last lines are those of tail -n, however the bytes arrive', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n') });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), fc.nat(6), async (whole, size, count) => {
      const lines = whole.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      expect(await lastLines(whole, size, count)).toBe(count === 0 ? '' : lines.slice(-count).join(''));
    }),
  );
});
