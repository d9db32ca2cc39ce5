/** What runs print, on its way to a store that takes what it is given, refuses it, or is asked at the wrong moment. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../../src/log.js';
import type { LogEvent } from '../../src/log.js';
import { logFile } from '../../src/output/log-file.js';
import type { LogOf, LogStore, NewLogPart } from '../../src/store/logs.js';
import type { Store } from '../../src/store/store.js';
import { LogUploads } from '../../src/worker/log-uploads.js';
import { NoteDrafts } from '../../src/worker/note-drafts.js';
import { cleanUp } from '../../src/worker/run-job.js';
import type { EndedRun } from '../../src/worker/run-job.js';
import { temporaryDir } from '../output/files.js';
import { LogWriter } from '../output/log-writer.js';
import { PATIENCE_MS, waitUntil } from '../support/processes.js';

/** As the database does: a statement may name the place of a part once. */
class FakeLogs implements Pick<LogStore, 'putParts'> {
  readonly stored = new Map<string, NewLogPart>();
  readonly batches: (readonly NewLogPart[])[] = [];
  refuses: (part: NewLogPart) => boolean = () => false;

  putParts(parts: readonly NewLogPart[]): Promise<number[]> {
    this.batches.push(parts);
    const places = new Set(parts.map(({ seq, run, at }) => `${seq}.${run}.${at}`));
    if (places.size < parts.length) return Promise.reject(new Error('a part was named twice'));
    if (parts.some(this.refuses)) return Promise.reject(new Error('the value is out of range'));
    for (const part of parts) this.stored.set(`${part.seq}.${part.run}.${part.at}`, part);
    return Promise.resolve([]);
  }

  textOf({ seq, run }: LogOf): string {
    const parts = [...this.stored.values()].filter((part) => part.seq === seq && part.run === run);
    return Buffer.concat(parts.toSorted((a, b) => a.at - b.at).map(({ bytes }) => bytes)).toString('latin1');
  }
}

const events: LogEvent[] = [];
afterEach(() => {
  listen(null);
  events.length = 0;
});

function setUp(mostPlainBytes: () => number = () => Infinity) {
  listen((event) => events.push(event));
  const dir = temporaryDir();
  const logs = new FakeLogs();
  const uploads = new LogUploads(logs as unknown as LogStore, dir, mostPlainBytes);
  const fileOf = ({ seq, run }: LogOf): string => logFile(dir, seq, run);
  const print = (log: LogOf, text: string): void => {
    const file = fileOf(log);
    mkdirSync(dirname(file), { recursive: true });
    const writer = new LogWriter(file, Infinity);
    writer.write('stdout', 1, Buffer.from(text));
    writer.close();
  };
  return { logs, uploads, fileOf, print };
}

test('a run that ends between two looks at its log: the whole part takes the place of the piece before it', async () => {
  const log = { seq: 1, run: 1 };
  let isEnded = false;
  // It is asked after the look at the run's state, and before the first part is read.
  const { logs, uploads, fileOf, print } = setUp(() => {
    if (!isEnded) uploads.end(log, false);
    isEnded = true;
    return Infinity;
  });
  print(log, 'what it printed');
  uploads.begin(log);
  await uploads.finish(PATIENCE_MS);
  expect(isEnded).toBe(true);
  expect(logs.textOf(log)).toContain('what it printed');
  expect([...logs.stored.values()].at(-1)?.bytes.length).toBe(0);
  expect({ isThere: existsSync(fileOf(log)), events }).toEqual({ isThere: false, events: [] });
});

test('a log that the store never takes holds up no other, and its file stays', async () => {
  const [bad, good] = [
    { seq: 1, run: 1 },
    { seq: 2, run: 1 },
  ];
  const { logs, uploads, fileOf, print } = setUp();
  logs.refuses = ({ seq }) => seq === bad.seq;
  print(bad, 'refused');
  uploads.begin(bad);
  uploads.end(bad, false);
  await waitUntil(() => events.length > 0, { what: 'the refusal to be told' });
  print(good, 'taken');
  uploads.begin(good);
  uploads.end(good, false);
  await uploads.finish(PATIENCE_MS);
  expect(logs.textOf(good)).toContain('taken');
  expect([existsSync(fileOf(bad)), existsSync(fileOf(good))]).toEqual([true, false]);
  expect(events).toEqual([{ event: 'worker.refused_logs', cause: 'the value is out of range' }]);
});

test('of a run that has no log file nothing is looked for', async () => {
  const log = { seq: 1, run: 1 };
  const { logs, uploads, print } = setUp();
  uploads.begin(log);
  print(log, 'of somebody else');
  const files = { store: {} as Store, notes: new NoteDrafts('/nowhere'), uploads };
  cleanUp(files, { ...endOf(log), output: null, hasLogFile: false });
  await uploads.finish(PATIENCE_MS);
  expect(logs.batches).toEqual([]);
  expect(events).toEqual([]);
});

function endOf(log: LogOf): EndedRun {
  return {
    ...log,
    transition: { to: 'completed' },
    outcome: 'success',
    exitCode: 0,
    signal: null,
    reason: null,
    outputBytes: 0,
    output: null,
    startedMsAgo: undefined,
    times: null,
    hasLogFile: true,
    noteDraft: null,
  };
}
