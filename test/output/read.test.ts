import {
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readInline, readOutput } from '../../src/output/read.js';
import { LOG_MAGIC, type OutputRecord } from '../../src/output/records.js';
import type { OutputSelection } from '../../src/output/selection.js';
import { encode, encodeAll, gap, header, KINDS } from './encode.js';
import { temporaryDir } from './files.js';

const MIB = 1024 * 1024;

async function textOf(records: AsyncIterable<OutputRecord>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const record of records)
    all.push(
      'bytes' in record
        ? record.bytes
        : Buffer.from(`[${'text' in record ? record.text : record.missingBytes}]`),
    );
  return Buffer.concat(all).toString('latin1');
}

function fileOf(...parts: (string | Uint8Array)[]): string {
  const file = join(temporaryDir(), '1.1.log');
  writeFileSync(file, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return file;
}

/** By definition: of all of it, what the selection says. */
function selectedText(
  records: readonly { kind: 'stdout' | 'stderr'; timeUs: number; bytes: Uint8Array }[],
  { stream, sinceMs, last }: OutputSelection,
): string {
  const first = records.findIndex(({ timeUs }) => timeUs >= (sinceMs ?? 0) * 1000);
  const late = first === -1 ? [] : records.slice(first);
  const text = Buffer.concat(
    late.filter(({ kind }) => kind === (stream ?? kind)).map(({ bytes }) => bytes),
  ).toString('latin1');
  if (last === undefined) return text;
  if ('bytes' in last) return last.bytes === 0 ? '' : text.slice(-last.bytes);
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return last.lines === 0 ? '' : lines.slice(-last.lines).join('');
}

describe('reading output', () => {
  test('any part of any log is what it is by definition, in memory and from a file', async () => {
    const logs = fc.array(
      fc.record({
        kind: fc.constantFrom('stdout' as const, 'stderr' as const),
        timeUs: fc.integer({ min: 0, max: 9000 }),
        bytes: fc
          .string({ unit: fc.constantFrom('a', '\n', 'bc'), maxLength: 6 })
          .map((text) => Buffer.from(text)),
      }),
    );
    const selections = fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const, undefined),
      sinceMs: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
      last: fc.oneof(
        fc.constant(undefined),
        fc.record({ lines: fc.nat(6) }),
        fc.record({ bytes: fc.nat(20) }),
      ),
    });
    const file = join(temporaryDir(), '1.1.log');
    await fc.assert(
      fc.asyncProperty(logs, selections, async (records, selection) => {
        const log = encodeAll(records);
        writeFileSync(file, log);
        const expected = selectedText(records, selection);
        expect(await textOf(readInline(log, selection))).toBe(expected);
        expect(await textOf(readOutput(file, selection))).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('so is any part of plain text', async () => {
    const file = join(temporaryDir(), '1.1.log');
    const texts = fc.string({ unit: fc.constantFrom('a', '\n', 'bc'), minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(8), async (text, lines) => {
        writeFileSync(file, text);
        const bytes = Buffer.from(text);
        const expected = selectedText([{ kind: 'stdout', timeUs: 0, bytes }], { last: { lines } });
        expect(await textOf(readOutput(file, { last: { lines } }))).toBe(expected);
        expect(await textOf(readInline(bytes, { last: { lines } }))).toBe(expected);
      }),
    );
  });

  test('plain text has neither times nor streams, and a part that needs them is refused', async () => {
    const file = fileOf('text');
    for (const selection of [
      { stream: 'stderr' },
      { sinceMs: 0 },
      { stream: 'stdout', last: { lines: 1 } },
    ] as const) {
      for (const records of [readOutput(file, selection), readInline(Buffer.from('text'), selection)])
        await expect(textOf(records)).rejects.toMatchObject({ code: 'failed', message: /plain text/ });
    }
  });

  test('the last lines begin where they do across a gap, which is shown where it is passed', async () => {
    const head = Buffer.concat([LOG_MAGIC, encode(KINDS.stdout, 1000, Buffer.from('a\nb\n'))]);
    const hole = Buffer.alloc(300_000);
    const tail = Buffer.concat([
      encode(KINDS.stdout, 5000, Buffer.from('y\nz\n')),
      encode(KINDS.stderr, 6000, Buffer.from('end\n')),
    ]);
    // Its time is that of the last cut.
    const file = fileOf(head, gap(77, head.length + 28 + hole.length, 5500), hole, tail);
    const read = (selection: OutputSelection): Promise<string> => textOf(readOutput(file, selection));
    expect(await read({})).toBe('a\nb\n[77]y\nz\nend\n');
    expect(await read({ last: { lines: 2 } })).toBe('z\nend\n');
    expect(await read({ last: { lines: 4 } })).toBe('b\n[77]y\nz\nend\n');
    expect(await read({ last: { lines: 9 } })).toBe('a\nb\n[77]y\nz\nend\n');
    expect(await read({ last: { bytes: 6 } })).toBe('z\nend\n');
    expect(await read({ sinceMs: 1 })).toBe('a\nb\n[77]y\nz\nend\n');
    expect(await read({ sinceMs: 3 })).toBe('[77]y\nz\nend\n');
    expect(await read({ sinceMs: 6 })).toBe('end\n');
    expect(await read({ sinceMs: 7 })).toBe('');
    expect(await read({ stream: 'stderr' })).toBe('[77]end\n');
  });

  test('the last bytes are as many as asked for where reading begins at a gap', async () => {
    // Long enough that the gap, at the start of the second half, is where the search from the end begins.
    const head = encodeAll([{ kind: 'stdout', timeUs: 1, bytes: Buffer.alloc(300_000, 'h') }]);
    const tail = encode(KINDS.stdout, 3, Buffer.alloc(50_000, 't'));
    const file = fileOf(head, gap(0, head.length + 28), tail, tail);
    const lastOf = (bytes: number): Promise<string> => textOf(readOutput(file, { last: { bytes } }));
    expect(await lastOf(4096)).toBe('t'.repeat(4096));
    expect(await lastOf(100_001)).toBe('h' + 't'.repeat(100_000));
  });

  test('a gap at the end is shown where it is late enough', async () => {
    const head = encodeAll([{ kind: 'stdout', timeUs: 1000, bytes: Buffer.from('a\n') }]);
    const file = fileOf(head, gap(5, head.length + 28, 4000));
    expect(await textOf(readOutput(file, { sinceMs: 4 }))).toBe('[5]');
    expect(await textOf(readOutput(file, { sinceMs: 5 }))).toBe('');
  });

  test('a missing file is an empty one', async () => {
    expect(await textOf(readOutput(join(temporaryDir(), 'missing'), { last: { lines: 3 } }))).toBe('');
  });

  test('a large text never stands in memory as a whole', async () => {
    const file = fileOf('');
    truncateSync(file, 300 * MIB);
    const before = process.memoryUsage().rss;
    let bytes = 0;
    for await (const record of readOutput(file)) if ('bytes' in record) bytes += record.bytes.length;
    expect(bytes).toBe(300 * MIB);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB);
  });

  test('records may be kept: a later one does not overwrite them', async () => {
    for (const start of ['', LOG_MAGIC]) {
      const [a, b] = [Buffer.alloc(300_000, 'a'), Buffer.alloc(300_000, 'b')];
      const body = start === '' ? [a, b] : [encode(KINDS.stdout, 1, a), encode(KINDS.stdout, 1, b)];
      expect(await textOf(readOutput(fileOf(start, ...body)))).toBe(
        'a'.repeat(300_000) + 'b'.repeat(300_000),
      );
    }
  });

  test('a symlink in the place of a log is not followed', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'secret'), 'secret');
    symlinkSync('secret', join(dir, '1.1.log'));
    await expect(textOf(readOutput(join(dir, '1.1.log')))).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a reader that stops early leaves nothing open', async () => {
    const dir = join(temporaryDir(), 'logs');
    mkdirSync(dir);
    const file = join(dir, '1.1.log');
    writeFileSync(file, Buffer.alloc(200_000));
    // Far more often than a process may have open files.
    for (let n = 0; n < 3000; n += 1) {
      for await (const record of readOutput(file)) {
        expect(record.kind).toBe('plain');
        break;
      }
    }
  });
});

/** What this process has read so far, from files and otherwise. */
function readSoFar(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);
}

/** 5 GiB in records of 1 MiB, each of the second of its number, which hardly take room on the disk. */
function writeGigabytes(file: string): number {
  const fd = openSync(file, 'w');
  const records = 5 * 1024;
  writeSync(fd, LOG_MAGIC);
  let offset = LOG_MAGIC.length;
  for (let n = 1; n <= records; n += 1) {
    writeSync(fd, header(KINDS.stdout, n * 1_000_000, MIB), 0, 12, offset);
    offset += 12 + MIB;
    if (n > records - 100) writeSync(fd, `\nline ${n}`, offset - 20);
  }
  truncateSync(file, offset);
  closeSync(fd);
  return records;
}

test.runIf(process.platform === 'linux')(
  'of a log of 5 GB its end is found and read, and little else',
  async () => {
    const file = join(temporaryDir(), '1.1.log');
    const records = writeGigabytes(file);
    const [before, memory] = [readSoFar(), process.memoryUsage().rss];
    const last = await textOf(readOutput(file, { last: { lines: 20 } }));
    expect(last.match(/line \d+/g)).toEqual(Array.from({ length: 20 }, (_, n) => `line ${records - 19 + n}`));
    const late = await textOf(readOutput(file, { sinceMs: (records - 4) * 1000, last: { lines: 3 } }));
    expect(late.match(/line \d+/g)).toEqual([2, 1, 0].map((n) => `line ${records - n}`));
    let bytes = 0;
    for await (const record of readOutput(file, { sinceMs: (records - 4) * 1000 }))
      if ('bytes' in record) bytes += record.bytes.length;
    expect(bytes).toBe(5 * MIB);
    expect(readSoFar() - before).toBeLessThan(200 * MIB);
    expect(process.memoryUsage().rss - memory).toBeLessThan(100 * MIB);
  },
);
