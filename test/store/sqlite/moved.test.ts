/** The mark of a queue that moved: who has had the file open for long must not write into what nobody reads. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/store/sqlite/open.js';
import { MoveSource } from '../../../src/store/sqlite/move-source.js';
import type { Store } from '../../../src/store/store.js';
import {
  insert,
  LOCK_TIMEOUT_MS,
  newJob,
  openTestStore,
  owner,
  temporaryHome,
} from '../../support/stores.js';

const PLACE = "postgres://o'brien@db.example/jobs";
const MARK = { token: 'one', place: PLACE, atMs: 1, url: 'postgres://o:secret@db.example/jobs' };
const GONE = { name: 'QueueError', code: 'store_lost', message: `this queue was moved to ${PLACE}` };

async function openSource(home: string): Promise<MoveSource> {
  const source = await MoveSource.open(home, join(home, 'queue.db'), LOCK_TIMEOUT_MS);
  onTestFinished(() => source.close());
  return source;
}

const writes = (store: Store): (() => Promise<unknown>)[] => [
  () => store.insertJobs([newJob()], 'error'),
  () => store.changeJobs({ ids: ['1'] }, { kind: 'hold' }),
  () => store.changeJobs({ ids: ['1'] }, { kind: 'remove', from: ['pending'] }),
  () => store.openSession(owner()),
  () => store.pauseQueues(['default']),
  () => store.changeMark(),
];

test('once the file is marked, whoever has it open can change nothing, and learns where the queue is', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  await insert(store);
  const source = await openSource(home);
  await source.lock();
  source.markMoved(MARK);
  for (const write of writes(store)) await expect(write()).rejects.toMatchObject(GONE);
  await source.finish(MARK);
  for (const write of writes(store)) await expect(write()).rejects.toMatchObject(GONE);
  await expect(openStore(home, { lockTimeoutMs: 1000 })).rejects.toMatchObject(GONE);
});

test('a move that did not arrive is undone by the next one who opens the file, and only that move', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const source = await openSource(home);
  await source.lock();
  source.markMoved(MARK);
  const asked: string[] = [];
  const open = (answer: boolean): Promise<Store> =>
    openStore(home, { lockTimeoutMs: 1000 }, async (url) => {
      asked.push(url);
      return answer;
    });
  await (await open(false)).close();
  await insert(store, { id: 'again' });
  await source.undo(MARK);
  await source.lock();
  source.markMoved({ ...MARK, token: 'two' });
  await source.undo(MARK);
  await expect(insert(store)).rejects.toMatchObject(GONE);
  await expect(open(true)).rejects.toMatchObject(GONE);
  await expect(open(false)).rejects.toMatchObject(GONE);
  expect(asked).toEqual([MARK.url, MARK.url]);
});

test('a queue with a job that runs cannot be locked for a move', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const session = await store.openSession(owner({ kind: 'run' }));
  await store.insertRunning(session, newJob());
  const source = await openSource(home);
  await expect(source.lock()).rejects.toMatchObject({ code: 'conflict', message: '1 job is running' });
  await insert(store);
});
