import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputLines } from '../../src/cli/output-lines.js';

type Stream = 'stdout' | 'stderr';

interface Printed {
  readonly kind: Stream;
  readonly bytes: Uint8Array;
}

/** Each piece is of the time of its number. */
function linesOf(pieces: readonly Printed[]): { stream: string; timeUs: number | null; text: string }[] {
  const lines = new OutputLines();
  const all = pieces.flatMap(({ kind, bytes }, timeUs) => [...lines.push({ kind, bytes, timeUs })]);
  return [...all, ...lines.end()].map(({ bytes, ...line }) => ({
    ...line,
    text: Buffer.from(bytes).toString(),
  }));
}

test('each stream has its own lines, of the time at which they began', () => {
  const print = (kind: Stream, text: string): Printed => ({ kind, bytes: Buffer.from(text) });
  expect(
    linesOf([
      print('stdout', 'a\nb'),
      print('stderr', 'x\n\ny'),
      print('stdout', 'c\n'),
      print('stderr', '\n'),
      print('stdout', 'd'),
    ]),
  ).toEqual([
    { stream: 'stdout', timeUs: 0, text: 'a' },
    { stream: 'stderr', timeUs: 1, text: 'x' },
    { stream: 'stderr', timeUs: 1, text: '' },
    { stream: 'stdout', timeUs: 0, text: 'bc' },
    { stream: 'stderr', timeUs: 1, text: 'y' },
    { stream: 'stdout', timeUs: 4, text: 'd' },
  ]);
});

test('the lines of a stream are its text, however it came in pieces', () => {
  const pieces = fc.array(
    fc.record({
      kind: fc.constantFrom<Stream>('stdout', 'stderr'),
      bytes: fc
        .string({ unit: fc.constantFrom('a', '\n', 'ü'), maxLength: 8 })
        .map((text) => Buffer.from(text)),
    }),
  );
  fc.assert(
    fc.property(pieces, (printed) => {
      const lines = linesOf(printed);
      for (const stream of ['stdout', 'stderr']) {
        const text = Buffer.concat(
          printed.filter(({ kind }) => kind === stream).map(({ bytes }) => bytes),
        ).toString();
        const own = lines.filter((line) => line.stream === stream).map((line) => line.text);
        expect(own).toEqual(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
      }
    }),
  );
});

test('a line that never ends comes in pieces, with no character cut in two', () => {
  const lines = new OutputLines();
  const text = 'x' + 'ü'.repeat(200_000);
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 9999)
    for (const line of lines.push({ kind: 'stdout', timeUs: 1, bytes: bytes.subarray(at, at + 9999) }))
      pieces.push(Buffer.from(line.bytes).toString());
  expect(pieces.length).toBeGreaterThan(5);
  for (const line of lines.end()) pieces.push(Buffer.from(line.bytes).toString());
  expect(pieces.join('').replaceAll('\ufffd', '').length).toBeGreaterThan(199_980);
  // Only where a record itself cut a character can a piece.
  const whole = [...new OutputLines().push({ kind: 'stdout', timeUs: 1, bytes })].map((line) =>
    Buffer.from(line.bytes).toString(),
  );
  expect(whole.join('')).not.toContain('\ufffd');
});
