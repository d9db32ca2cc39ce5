import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';

import { readOutput } from '../../src/output/read.js';
import { encode, encodeAll, gap, KINDS } from './encode.js';
import { decodeLog, isRecordLog, LOG_MAGIC, type OutputRecord, textOf } from '../../src/output/records.js';

async function recordsIn(...parts: Uint8Array[]): Promise<OutputRecord[]> {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-records-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'log'), Buffer.concat(parts));
  const records: OutputRecord[] = [];
  for await (const record of readOutput(join(dir, 'log'))) records.push(record);
  return records;
}

/** With bytes that compare as bytes, whoever holds them. */
function plain(records: Iterable<OutputRecord>): object[] {
  return [...records].map((record) => ('bytes' in record ? { ...record, bytes: [...record.bytes] } : record));
}

const pieces = fc.array(
  fc.record({
    kind: fc.constantFrom('stdout' as const, 'stderr' as const),
    timeUs: fc.integer({ min: 0, max: 2 ** 51 }),
    bytes: fc.uint8Array({ maxLength: 300 }),
  }),
);

describe('a log of records', () => {
  test('is read back as it was written, in memory and from a file', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (records) => {
        const log = encodeAll(records);
        expect(plain(decodeLog(log))).toEqual(plain(records));
        expect(plain(await recordsIn(log))).toEqual(plain(records));
      }),
      { numRuns: 50 },
    );
  });

  test('cut short anywhere yields whole records and no more', () => {
    fc.assert(
      fc.property(pieces, fc.nat(), (records, at) => {
        const log = encodeAll(records);
        const end = LOG_MAGIC.length + (at % (log.length + 1 - LOG_MAGIC.length));
        const read = [...decodeLog(log.subarray(0, end))];
        expect(plain(read)).toEqual(plain(records.slice(0, read.length)));
      }),
    );
  });

  test('of any bytes at all is read to an end, without an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const log = Buffer.concat([LOG_MAGIC, bytes]);
        expect(Array.isArray([...decodeLog(log)])).toBe(true);
        expect(Array.isArray(await recordsIn(log))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('is told from plain text by its first bytes', async () => {
    expect(isRecordLog(Buffer.from('plain text'))).toBe(false);
    expect(isRecordLog(Buffer.from(''))).toBe(false);
    expect(isRecordLog(LOG_MAGIC)).toBe(true);
    for (const text of ['plain text', '\u0001QCT', '\u0001QCTLOG ']) {
      const bytes = Buffer.from(text);
      const expected = [{ kind: 'plain', bytes: [...bytes] }];
      expect(plain(decodeLog(bytes))).toEqual(expected);
      expect(plain(await recordsIn(bytes))).toEqual(expected);
    }
    expect([...decodeLog(Buffer.from(''))]).toEqual([]);
    expect(await recordsIn(Buffer.from(''))).toEqual([]);
  });

  test('gives each stream alone, or both in their order', () => {
    const log = encodeAll([
      { kind: 'stdout', timeUs: 1, bytes: Buffer.from('a') },
      { kind: 'stderr', timeUs: 2, bytes: Buffer.from('b') },
      { kind: 'stdout', timeUs: 3, bytes: Buffer.from('c') },
    ]);
    const text = (stream?: 'stdout' | 'stderr'): string =>
      Buffer.from(textOf(decodeLog(log), stream)).toString();
    expect([text(), text('stdout'), text('stderr')]).toEqual(['abc', 'ac', 'b']);
  });

  test('of a later version has kinds that are passed over', async () => {
    const known = encode(KINDS.stdout, 5, Buffer.from('known'));
    const log = Buffer.concat([LOG_MAGIC, encode(77, 5, Buffer.from('new')), known]);
    const expected = [{ kind: 'stdout', timeUs: 5, bytes: [...Buffer.from('known')] }];
    expect(plain(decodeLog(log))).toEqual(expected);
    expect(plain(await recordsIn(log))).toEqual(expected);
  });

  test('is read on behind a gap, and says how much is missing', async () => {
    const cutOut = Buffer.alloc(5000);
    const resumeAt = LOG_MAGIC.length + 28 + cutOut.length;
    const tail = encode(KINDS.stderr, 9, Buffer.from('tail'));
    const records = await recordsIn(LOG_MAGIC, gap(4321, resumeAt), cutOut, tail);
    expect(records).toMatchObject([{ kind: 'gap', missingBytes: 4321 }, { kind: 'stderr' }]);
  });

  test('whose gap leads backwards is read no further', async () => {
    const head = encode(KINDS.stdout, 1, Buffer.from('head'));
    expect(await recordsIn(LOG_MAGIC, head, gap(5, 0), head)).toMatchObject([{ kind: 'stdout' }]);
    expect(await recordsIn(LOG_MAGIC, head, gap(0, LOG_MAGIC.length), head)).toMatchObject([
      { kind: 'stdout' },
    ]);
  });

  test('ends where a crash of the machine left zeros', async () => {
    const head = encode(KINDS.stdout, 1, Buffer.from('head'));
    expect(await recordsIn(LOG_MAGIC, head, Buffer.alloc(100_000))).toHaveLength(1);
  });

  test('has remarks of the launcher, which are no output', () => {
    const log = Buffer.concat([
      LOG_MAGIC,
      encode(KINDS.remark, 3, Buffer.from('1 left-over process killed')),
    ]);
    expect([...decodeLog(log)]).toEqual([{ kind: 'remark', timeUs: 3, text: '1 left-over process killed' }]);
    expect(textOf(decodeLog(log))).toHaveLength(0);
  });
});
