/** Databases that something happened to. Every one is refused in plain words, and nothing is made worse. */
import { DatabaseSync } from '@photostructure/sqlite';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { STATES } from '../../../src/job/state.js';
import { insert, newJob, openTestStore, owner, temporaryHome } from '../../support/stores.js';

/** A home with jobs enough for many pages, closed; its database file. */
async function usedHome(): Promise<{ home: string; path: string }> {
  const home = temporaryHome();
  const store = await openTestStore(home);
  await store.insertJobs(
    Array.from({ length: 500 }, () => newJob({ command: 'x'.repeat(300) })),
    'error',
  );
  await store.closeSession(await store.openSession(owner()));
  await store.close();
  const path = join(home, 'queue.db');
  // All of it into the one file that the tests damage.
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return { home, path };
}

function overwrite(path: string, offset: number, length: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, offset);
  closeSync(file);
}

const REFUSED = {
  name: 'QueueError',
  code: 'store_lost',
  message: expect.stringContaining('queue.db') as string,
  hint: expect.stringContaining('backup') as string,
};

test.each([
  ['a text file', Buffer.from('These are not the jobs you are looking for.\n'.repeat(200))],
  ['random bytes', Buffer.alloc(50_000, 0x5a)],
])('%s is no database, and stays as it is', async (_what, bytes) => {
  const home = temporaryHome();
  mkdirSync(home, { mode: 0o700 });
  const path = join(home, 'queue.db');
  writeFileSync(path, bytes);
  await expect(openTestStore(home)).rejects.toMatchObject(REFUSED);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('a database whose first page is damaged is refused', async () => {
  const { home, path } = await usedHome();
  overwrite(path, 0, 4096);
  await expect(openTestStore(home)).rejects.toMatchObject(REFUSED);
});

test('a database whose schema is damaged is refused', async () => {
  const { home, path } = await usedHome();
  overwrite(path, 100, 300);
  await expect(openTestStore(home)).rejects.toMatchObject(REFUSED);
});

test.each(['cut', 'scribbled-over'])(
  'in a database that was %s a call fails in plain words, and no other way',
  async (how) => {
    const { home, path } = await usedHome();
    const { size } = statSync(path);
    if (how === 'cut') truncateSync(path, Math.floor(size / 8192) * 4096);
    else for (let page = 2; page < size / 4096; page += 2) overwrite(path, page * 4096, 4096);
    const use = async (): Promise<void> => {
      const store = await openTestStore(home);
      for (const state of STATES) await store.listJobs({ states: [state], limit: 1000 });
      await insert(store);
      const session = await store.openSession(owner());
      await store.exchange(session, { running: [], finished: [], free: 1000 });
    };
    await expect(use()).rejects.toMatchObject(REFUSED);
  },
);

test('an emptied database beside the directories of its jobs is refused, and no new one begun', async () => {
  const { home, path } = await usedHome();
  truncateSync(path, 0);
  await expect(openTestStore(home)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('empty') as string,
  });
  expect(statSync(path).size).toBe(0);
});

test('a database that was made and never written, as a crash leaves it, is begun anew', async () => {
  const home = temporaryHome();
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, 'queue.db'), '', { mode: 0o600 });
  await insert(await openTestStore(home));
});
