/** The log of a worker in the background: written, rotated, read and followed. */
import {
  appendFileSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listWorkerLogs, openToAppend, removeOldLogs, workerLog } from '../../src/cli/worker-log/files.js';
import { readWorkerLog } from '../../src/cli/worker-log/reader.js';
import { WorkerLogWriter } from '../../src/cli/worker-log/writer.js';
import { DAY } from '../../src/time.js';
import { temporaryDir } from '../output/files.js';
import { waitUntil } from '../support/processes.js';

const WAIT_MS = 10_000;

async function textOf(log: string, lastLines?: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of readWorkerLog(log, { lastLines })) pieces.push(bytes);
  return Buffer.concat(pieces).toString();
}

/** Follows until the test ends it; what it has read so far. */
function follow(log: string, lastLines?: number): { text: () => string; end: () => Promise<string> } {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  let text = '';
  const done = (async () => {
    for await (const bytes of readWorkerLog(log, { lastLines, follow: over.signal }))
      text += Buffer.from(bytes).toString('latin1');
  })();
  return {
    text: () => text,
    end: async () => {
      over.abort();
      await done;
      return text;
    },
  };
}

function writerOf(log: string, maxBytes?: number): WorkerLogWriter {
  return new WorkerLogWriter(log, openToAppend(log), maxBytes);
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);
const words = (text: string): string[] => text.match(/line \d+/g) ?? [];

describe('writing', () => {
  test('each line has its time, and a file of 0600 is begun anew once it is full, with three older ones kept', async () => {
    const log = workerLog(temporaryDir(), 'w1');
    const writer = writerOf(log, 1000);
    for (const line of numbered(1, 500)) {
      writer.line(line);
      await writer.flush(WAIT_MS);
    }
    expect(existsSync(`${log}.3`)).toBe(true);
    expect(existsSync(`${log}.4`)).toBe(false);
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${log}.1`, 'utf8')).toMatch(
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z line \d+\n)+$/,
    );
    const kept = words(await textOf(log));
    expect(kept).toEqual(numbered(501 - kept.length, 500));
    expect(kept.length).toBeGreaterThan(80);
  });

  test('a worker goes on with the log of an earlier one of its name', async () => {
    const log = workerLog(temporaryDir(), 'w1');
    for (const line of ['line 1', 'line 2']) {
      const writer = writerOf(log);
      writer.line(line);
      await writer.flush(WAIT_MS);
    }
    expect(words(await textOf(log))).toEqual(['line 1', 'line 2']);
  });

  test.skipIf(!existsSync('/dev/full'))(
    'a full disk holds nobody up, neither a line nor the end',
    async () => {
      const log = workerLog(temporaryDir(), 'w1');
      // Never closed: the writer tries again as long as the process lives, and would write to whoever gets its number next.
      const full = openSync('/dev/full', 'w');
      const writer = new WorkerLogWriter(log, full);
      for (let n = 0; n < 3000; n++) writer.line('x'.repeat(1000));
      await writer.flush(100);
      expect(existsSync(log)).toBe(false);
    },
  );

  test('a symbolic link in the place of a log is refused, and what it leads to is left alone', () => {
    const directory = temporaryDir();
    const target = join(directory, 'target');
    writeFileSync(target, 'mine');
    const log = workerLog(directory, 'w1');
    symlinkSync(target, log);
    expect(() => openToAppend(log)).toThrow(expect.objectContaining({ code: 'not_permitted' }) as Error);
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });
});

describe('reading', () => {
  test('the last lines are found across the files, however many there are', async () => {
    const log = workerLog(temporaryDir(), 'w1');
    writeFileSync(`${log}.2`, 'line 1\nline 2\n');
    writeFileSync(`${log}.1`, `line 3\n${'x'.repeat(200_000)} line 4\n`);
    writeFileSync(log, 'line 5\nline 6\n');
    for (let lines = 0; lines <= 7; lines++)
      expect(words(await textOf(log, lines))).toEqual(numbered(Math.max(1, 7 - lines), 6));
    expect(words(await textOf(log))).toEqual(numbered(1, 6));
  });

  test('a log that is not there has nothing in it', async () => {
    expect(await textOf(workerLog(temporaryDir(), 'w1'))).toBe('');
  });

  test('a follower gets every line once, in order, across every rotation', async () => {
    const log = workerLog(temporaryDir(), 'w1');
    const writer = writerOf(log, 2000);
    writer.line('line 1');
    await writer.flush(WAIT_MS);
    const follower = follow(log);
    for (let n = 2; n <= 1000; n++) {
      writer.line(`line ${n}`);
      if (n % 10 !== 0) continue;
      await writer.flush(WAIT_MS);
      // Three files back it is still found; a reader that is slower than that loses what was removed.
      if (n % 50 === 0) await waitUntil(() => follower.text().includes(`line ${n}\n`), { what: `line ${n}` });
    }
    await waitUntil(() => follower.text().includes('line 1000\n'), { what: 'the last line' });
    expect(words(await follower.end())).toEqual(numbered(1, 1000));
  });

  test('a follower that begins with the last lines meets what two rotations at once have moved', async () => {
    const log = workerLog(temporaryDir(), 'w1');
    writeFileSync(log, 'line 1\nline 2\n');
    const follower = follow(log, 1);
    await waitUntil(() => follower.text() === 'line 2\n', { what: 'the last line' });
    appendFileSync(log, 'line 3\n');
    renameSync(log, `${log}.2`);
    writeFileSync(`${log}.1`, 'line 4\n');
    writeFileSync(log, 'line 5\n');
    await waitUntil(() => follower.text().endsWith('line 5\n'), { what: 'the newest file' });
    appendFileSync(log, 'line 6\n');
    await waitUntil(() => follower.text().endsWith('line 6\n'), { what: 'what is appended' });
    expect(words(await follower.end())).toEqual(numbered(2, 6));
  });
});

test('logs of workers that are gone are removed after 30 days, those of living ones and of others never', () => {
  const directory = temporaryDir();
  const old = (Date.now() - 31 * DAY) / 1000;
  for (const file of ['gone.log', 'gone.log.1', 'alive.log', 'alive.log.3', 'fresh.log', 'other.txt']) {
    writeFileSync(join(directory, file), 'x');
    if (!file.startsWith('fresh')) utimesSync(join(directory, file), old, old);
  }
  writeFileSync(join(directory, 'empty.log'), '');
  removeOldLogs(directory, ['alive']);
  expect(listWorkerLogs(directory, ['alive'])).toEqual(['alive', 'fresh']);
  expect(listWorkerLogs(directory, ['alive', 'empty'])).toEqual(['alive', 'empty', 'fresh']);
  expect(existsSync(join(directory, 'other.txt'))).toBe(true);
  expect(existsSync(join(directory, 'gone.log.1'))).toBe(false);
  expect(existsSync(join(directory, 'alive.log.3'))).toBe(true);
  expect(listWorkerLogs(join(directory, 'none'), [])).toEqual([]);
});
