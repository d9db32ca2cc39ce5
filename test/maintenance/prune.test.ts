/** Old jobs go, with their logs, and nothing else does. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { expired, prune, pruneExpired, removeLeftLogs } from '../../src/maintenance/prune.js';
import { logFile } from '../../src/output/log-file.js';
import type { Store } from '../../src/store/store.js';
import { ended, newJob, openTestStore, owner, TO } from '../support/stores.js';

const SOON_MS = 60_000;
const MANY = 1203;

/** So many completed jobs, each with a log. */
async function openWithCompleted(count: number): Promise<Store> {
  const store = await openTestStore();
  const session = await store.openSession(owner());
  await store.insertJobs(
    Array.from({ length: count }, () => newJob()),
    'error',
  );
  const { claims } = await store.exchange(session, { running: [], finished: [], free: count });
  const finished = claims.map((job) => ended(job, TO.completed));
  await store.exchange(session, { running: [], finished, free: 0 });
  for (const { seq, run } of claims) {
    const file = logFile(store.logsDir, seq, run);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'printed');
  }
  return store;
}

const logsOf = (store: Store): string[] => readdirSync(store.logsDir, { recursive: true, encoding: 'utf8' });

test('all that match are removed, in several steps, with their logs and with no note left', async () => {
  const store = await openWithCompleted(MANY);
  const { seq } = (await store.insertJobs([newJob()], 'error'))[0] as { seq: number };
  const kept = logFile(store.logsDir, seq, 1);
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, 'printed');
  const selection = { states: ['completed'], endedBeforeMs: Date.now() + SOON_MS } as const;
  expect(await prune(store, selection)).toBe(MANY);
  expect(await store.counts()).toMatchObject({ completed: 0, pending: 1 });
  expect(await store.listPruned()).toEqual([]);
  expect(existsSync(kept)).toBe(true);
  expect(logsOf(store).filter((name) => name.endsWith('.log'))).toHaveLength(1);
  expect(await prune(store, selection)).toBe(0);
});

test('two at once remove each job once', async () => {
  const store = await openWithCompleted(MANY);
  const other = await openTestStore(store.home);
  const selection = { states: ['completed'], endedBeforeMs: Date.now() + SOON_MS } as const;
  const [one, two] = await Promise.all([prune(store, selection), prune(other, selection)]);
  expect(one + two).toBe(MANY);
  expect(logsOf(store)).toEqual([]);
  expect(await store.listPruned()).toEqual([]);
});

test('logs that were left between a commit and their removal go with the next one', async () => {
  const store = await openWithCompleted(3);
  await store.pruneJobs({ states: ['completed'], endedBeforeMs: Date.now() + SOON_MS }, 10);
  expect(logsOf(store)).toHaveLength(4);
  await removeLeftLogs(store);
  expect(logsOf(store)).toEqual([]);
  expect(await store.listPruned()).toEqual([]);
});

test('logs that cannot be removed are an error with a hint, and are tried again before anything else is removed', async () => {
  const store = await openWithCompleted(3);
  // A directory in the place of a log, with something in it: not even root can unlink it.
  const blocked = logFile(store.logsDir, 1, 2);
  mkdirSync(blocked);
  const selection = { states: ['completed'], endedBeforeMs: Date.now() + SOON_MS } as const;
  const refusal = { code: 'failed', hint: expect.stringContaining('tries them again') as string };
  await expect(prune(store, selection)).rejects.toMatchObject(refusal);
  await expect(removeLeftLogs(store)).rejects.toMatchObject(refusal);
  rmdirSync(blocked);
  await removeLeftLogs(store);
  expect(logsOf(store)).toEqual([]);
});

test('an aborted one ends after the step that is under way', async () => {
  const store = await openWithCompleted(MANY);
  const selection = { states: ['completed'], endedBeforeMs: Date.now() + SOON_MS } as const;
  const over = new AbortController();
  const removed = prune(store, selection, over.signal);
  over.abort();
  expect(await removed).toBeLessThan(MANY);
  expect((await store.counts()).completed).toBe(MANY - (await removed));
});

test('a retention keeps what is younger, and for ever where it says so', async () => {
  const store = await openWithCompleted(2);
  const never = new AbortController().signal;
  expect(await pruneExpired(store, { keepCompletedMs: SOON_MS, keepDeadMs: Infinity }, never)).toBe(0);
  expect(expired({ keepCompletedMs: Infinity, keepDeadMs: Infinity }, 0)).toEqual([]);
  expect(expired({ keepCompletedMs: 10, keepDeadMs: Infinity }, 100)).toEqual([
    { states: ['completed', 'cancelled'], endedBeforeMs: 90 },
  ]);
});
