/** The write-ahead log grows while a reader holds it back, and not for longer. */
import { DatabaseSync } from '@photostructure/sqlite';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newJob, openTestStore, temporaryHome } from '../../support/stores.js';

const MIB = 1024 * 1024;
const BOUND = 8 * MIB;

async function openWithLog() {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const logBytes = (): number => statSync(join(home, 'queue.db-wal')).size;
  const jobs = Array.from({ length: 500 }, () => newJob({ command: `echo ${'x'.repeat(2000)}` }));
  const write = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await store.insertJobs(jobs, 'error');
  };
  return { home, store, logBytes, write };
}

function holdSnapshot(home: string): { readonly letGo: () => void } {
  const reader = new DatabaseSync(join(home, 'queue.db'));
  onTestFinished(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM meta').get();
  return { letGo: () => reader.exec('COMMIT') };
}

test('commits alone keep the log short', async () => {
  const { logBytes, write } = await openWithLog();
  await write(30);
  expect(logBytes()).toBeLessThan(BOUND);
});

test('a reader that stays lets the log grow; when it is gone, the next commits cut it off', async () => {
  const { home, logBytes, write } = await openWithLog();
  const reader = holdSnapshot(home);
  await write(20);
  expect(logBytes()).toBeGreaterThan(2 * BOUND);
  reader.letGo();
  await write(2);
  expect(logBytes()).toBeLessThan(BOUND);
});

test('with nobody writing any more, a worker cuts it off; while the reader stays, that waits for nothing', async () => {
  const { home, store, logBytes, write } = await openWithLog();
  const reader = holdSnapshot(home);
  await write(20);
  await store.boundLog();
  expect(logBytes()).toBeGreaterThan(2 * BOUND);
  await write(1);
  reader.letGo();
  await store.boundLog();
  expect(logBytes()).toBe(0);
  expect(await store.counts()).toMatchObject({ pending: 21 * 500 });
});
