/** Logs in parts, on a real server: what is read of them is what their file says, whatever way they came. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LogParts } from '../../../src/output/log-parts.js';
import { readOutput, readStored } from '../../../src/output/read.js';
import { LOG_MAGIC } from '../../../src/output/records.js';
import type { OutputRecord } from '../../../src/output/records.js';
import type { OutputSelection } from '../../../src/output/selection.js';
import { StoredLog } from '../../../src/output/stored-log.js';
import { Queue } from '../../../src/queue.js';
import { RunParts } from '../../../src/run-output.js';
import type { LogOf, LogStore, NewLogPart } from '../../../src/store/logs.js';
import { openStore } from '../../../src/store/open-store.js';
import type { RunKey, Store } from '../../../src/store/store.js';
import { encode, KINDS } from '../../output/encode.js';
import { temporaryDir } from '../../output/files.js';
import { LogWriter } from '../../output/log-writer.js';
import { noPostgres, query, startServer, whySkipped } from '../../support/postgres.js';
import type { TestServer } from '../../support/postgres.js';
import { insert, makeTemporaryHome } from '../../support/stores.js';

async function textOf(records: AsyncGenerator<OutputRecord, unknown>): Promise<string> {
  const hash: string[] = [];
  for await (const record of records) {
    if ('bytes' in record) hash.push(Buffer.from(record.bytes).toString('latin1'));
    else hash.push(record.kind === 'gap' ? `[${record.missingBytes}]` : `[${record.text}]`);
  }
  return hash.join('');
}

const SELECTIONS: readonly OutputSelection[] = [
  {},
  { stream: 'stdout' },
  { stream: 'stderr' },
  { last: { lines: 0 } },
  { last: { lines: 1 } },
  { last: { lines: 40 } },
  { last: { bytes: 1000 } },
  { last: { bytes: 200_000 } },
  ...[0, 7, 30, 75, 100_000].map((sinceMs) => ({ sinceMs })),
  { sinceMs: 20, last: { lines: 15 } },
  { stream: 'stderr', last: { lines: 3 } },
];

/** Of text that cannot tell streams and times. */
const PLAIN_SELECTIONS = SELECTIONS.filter(
  ({ stream, sinceMs }) => stream === undefined && sinceMs === undefined,
);

describe.skipIf(noPostgres !== undefined)(`logs in PostgreSQL${whySkipped}`, () => {
  let server: TestServer;
  let store: Store;
  let url: string;
  let logs: LogStore;
  const { home, remove } = makeTemporaryHome();
  beforeAll(async () => {
    server = await startServer();
    url = await server.createDatabase();
    store = await openStore(url, { lockTimeoutMs: 20_000, home });
    if (store.logs === null) throw new Error('the store keeps no logs');
    logs = store.logs;
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
    remove();
  });

  async function newRun(): Promise<RunKey> {
    return { seq: (await insert(store)).seq, run: 1 };
  }

  async function send(log: LogOf, parts: LogParts, isComplete: boolean): Promise<void> {
    const batch: NewLogPart[] = [];
    for (let part = await parts.next(isComplete); part !== null; part = await parts.next(isComplete))
      batch.push({ ...log, ...part });
    if (batch.length > 0) expect(await logs.putParts(batch)).toEqual([]);
  }

  async function expectSame(
    file: string,
    key: RunKey,
    selections: readonly OutputSelection[],
  ): Promise<void> {
    for (const selection of selections)
      expect({ selection, text: await textOf(readStored(new RunParts(store, key), selection)) }).toEqual({
        selection,
        text: await textOf(readOutput(file, selection)),
      });
  }

  const record = fc.record({
    kind: fc.constantFrom('stdout' as const, 'stderr' as const),
    // Small ones, and some of nearly the size that the launcher reads at once.
    length: fc.oneof({ weight: 8, arbitrary: fc.nat(3000) }, fc.integer({ min: 30_000, max: 65_536 })),
    lineLength: fc.integer({ min: 1, max: 200 }),
    sendsAfter: fc.boolean(),
  });

  test('read as their file does, however they were sent: whole, their last lines, from a time on, of one stream', async () => {
    const dir = temporaryDir();
    let files = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        fc.constantFrom(Infinity, 1_000_000, 200_000, 40_000),
        async (records, cap) => {
          const file = join(dir, `${(files += 1)}`);
          const key = await newRun();
          const writer = new LogWriter(file, cap);
          const parts = await LogParts.open(file, Infinity);
          if (parts === null) throw new Error('there is no file');
          let n = 0;
          try {
            for (const { kind, length, lineLength, sendsAfter } of records) {
              const body = Buffer.alloc(length, `${String((n += 1)).padEnd(lineLength, 'x')}\n`);
              writer.write(kind, n * 2000, body);
              if (sendsAfter) await send(key, parts, false);
            }
            writer.close();
            await send(key, parts, false);
            await expectSame(file, key, SELECTIONS);
            expect(await logs.progressOf(key)).toBe('left');
            await send(key, parts, true);
            await expectSame(file, key, SELECTIONS);
            expect(await logs.progressOf(key)).toBe('whole');
          } finally {
            // Also where time was up, and the rest fails for want of a store.
            await parts.close();
          }
          // What is kept in the end is no more than what lies in the file.
          const [kept] = await query(
            url,
            `SELECT coalesce(sum(octet_length(bytes)), 0)::integer AS n FROM queuectl.log_parts WHERE seq = ${key.seq}`,
          );
          expect(kept?.['n']).toBeLessThanOrEqual(Math.min(cap, 1e9) + 4 * 65_548);
        },
      ),
      // As many as there is time for on a machine that others use, too.
      { numRuns: 25, interruptAfterTimeLimit: 45_000 },
    );
  }, 120_000);

  test('sent by two workers at once, one of which had begun while it grew, read as their file does', async () => {
    for (const cap of [Infinity, 200_000]) {
      const file = join(temporaryDir(), 'log');
      const key = await newRun();
      const writer = new LogWriter(file, cap);
      const cutOff = await LogParts.open(file, Infinity);
      if (cutOff === null) throw new Error('there is no file');
      for (let n = 0; n < 40; n++) {
        writer.write('stdout', n * 2000, Buffer.alloc(20_000 + n * 500, `${n}\n`));
        if (n % 7 === 0) await send(key, cutOff, false);
      }
      writer.close();
      const next = await LogParts.open(file, Infinity);
      if (next === null) throw new Error('there is no file');
      const sendAll = async (parts: LogParts): Promise<void> => {
        for (let part = await parts.next(true); part !== null; part = await parts.next(true))
          await logs.putParts([{ ...key, ...part }]);
        await parts.close();
      };
      await Promise.all([sendAll(cutOff), sendAll(next)]);
      await expectSame(file, key, SELECTIONS);
      expect(await logs.progressOf(key)).toBe('whole');
    }
  }, 60_000);

  test('of a reader that follows it is seen once, with a word of what was dropped meanwhile', async () => {
    const file = join(temporaryDir(), 'log');
    const key = await newRun();
    const writer = new LogWriter(file, 100_000);
    const parts = await LogParts.open(file, Infinity);
    if (parts === null) throw new Error('there is no file');
    const line = (n: number): Buffer => Buffer.from(`${String(n).padEnd(999, '.')}\n`);
    for (let n = 0; n < 70; n++) writer.write('stdout', n, line(n));
    await send(key, parts, false);
    const reader = await StoredLog.open(new RunParts(store, key));
    if (reader === null) throw new Error('nothing was sent');
    const first = await textOf(reader.read());
    for (let n = 70; n < 300; n++) {
      writer.write('stdout', n, line(n));
      if (n % 10 === 0) await send(key, parts, false);
    }
    writer.close();
    await send(key, parts, true);
    await parts.close();
    const rest = await textOf(reader.read());
    expect(first.match(/\d+\.{3}/g)).toHaveLength(70);
    const [, missing] = /^\[(\d+)\]/.exec(rest) ?? [];
    const seen = rest.match(/\d+\.{3}/g) ?? [];
    expect(Number(missing) / 1000 + seen.length).toBe(230);
    expect(seen.at(-1)).toBe('299...');
  });

  test('of plain text are the same, up to the most that is sent of it', async () => {
    const file = join(temporaryDir(), 'log');
    const text = Buffer.alloc(300_000, 'plain text\n');
    const fd = openSync(file, 'w');
    const [whole, short] = [await newRun(), await newRun()];
    const parts = await LogParts.open(file, Infinity);
    if (parts === null) throw new Error('there is no file');
    for (let from = 0; from < text.length; from += 7000) {
      writeSync(fd, text.subarray(from, from + 7000));
      await send(whole, parts, false);
    }
    closeSync(fd);
    await expectSame(file, whole, PLAIN_SELECTIONS);
    await send(whole, parts, true);
    await parts.close();
    await expectSame(file, whole, PLAIN_SELECTIONS);
    await expect(textOf(readStored(new RunParts(store, whole), { sinceMs: 1 }))).rejects.toMatchObject({
      code: 'failed',
    });
    const some = await LogParts.open(file, 100_000);
    if (some === null) throw new Error('there is no file');
    await send(short, some, true);
    await some.close();
    expect([parts.isShortened, some.isShortened]).toEqual([false, true]);
    expect(await textOf(readStored(new RunParts(store, short)))).toBe(
      `${text.subarray(0, 100_000).toString()}[200000]`,
    );
    expect(await logs.progressOf(short)).toBe('whole');
    const untouched = await newRun();
    expect(await logs.leftBehind([whole, short, untouched])).toEqual([untouched]);
  });

  test('of which the last lines are asked for are not read from their start', async () => {
    const file = join(temporaryDir(), 'log');
    const fd = openSync(file, 'w');
    const body = Buffer.alloc(60_000, 'a line of sixty bytes, all of which are read by nobody .....\n');
    let at = writeSync(fd, LOG_MAGIC);
    for (let n = 1; n <= 500; n++)
      at += writeSync(fd, encode(KINDS.stdout, n * 1000, body), 0, undefined, at);
    closeSync(fd);
    const key = await newRun();
    const parts = await LogParts.open(file, Infinity);
    if (parts === null) throw new Error('there is no file');
    await send(key, parts, true);
    await parts.close();
    const source = new RunParts(store, key);
    let fetched = 0;
    const counted = {
      list: () => source.list(),
      read: async (...args: Parameters<RunParts['read']>) => {
        const found = await source.read(...args);
        for (const part of found.parts) fetched += part.bytes.length;
        return found;
      },
    };
    expect(await textOf(readStored(counted, { last: { lines: 2 } }))).toBe(
      await textOf(readOutput(file, { last: { lines: 2 } })),
    );
    expect(await textOf(readStored(counted, { sinceMs: 499 }))).toBe(
      await textOf(readOutput(file, { sinceMs: 499 })),
    );
    expect(fetched).toBeLessThan(at / 10);
  });

  test('go with their job, and what comes for a job that is gone is not kept', async () => {
    const part = { at: 0, lastUs: 0, printed: 0, resumeAt: null };
    for (let round = 0; round < 30; round++) {
      const { id, seq } = await insert(store);
      const put = (at: number): Promise<number[]> =>
        logs.putParts([{ seq, run: 1, ...part, at, bytes: Buffer.alloc(1000) }]);
      await put(0);
      const puts = [put(1000), put(2000), put(3000)];
      await Promise.all([new Queue(store).change(id, { act: 'remove' }), ...puts]);
      expect(await put(4000)).toEqual([seq]);
      expect(await query(url, `SELECT at FROM queuectl.log_parts WHERE seq = ${seq}`)).toEqual([]);
    }
    const pruned = await insert(store);
    await new Queue(store).cancel(pruned.id);
    await logs.putParts([{ seq: pruned.seq, run: 1, ...part, bytes: Buffer.alloc(1000) }]);
    await store.pruneJobs({ states: ['cancelled'], endedBeforeMs: Date.now() + 1000 }, 10);
    expect(await query(url, `SELECT at FROM queuectl.log_parts WHERE seq = ${pruned.seq}`)).toEqual([]);
  });
});
