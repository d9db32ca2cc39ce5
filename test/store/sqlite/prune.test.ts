/** A clock that is wrong for a while. */
import { DatabaseSync } from '@photostructure/sqlite';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HOUR_MS, insert, openTestStore, temporaryHome } from '../../support/stores.js';

const DAY_MS = 24 * HOUR_MS;

async function openWithDoor() {
  const home = temporaryHome();
  const store = await openTestStore(home);
  const database = new DatabaseSync(join(home, 'queue.db'));
  onTestFinished(() => database.close());
  const setRound = (at: number, reached: number): void => {
    database
      .prepare(`INSERT INTO meta VALUES ('prune_round', ?) ON CONFLICT DO UPDATE SET value = excluded.value`)
      .run(JSON.stringify({ at, reached }));
  };
  return { store, database, setRound };
}

test('between two rounds ages grow by a day at most, whatever the clock says', async () => {
  const { store, setRound } = await openWithDoor();
  const now = Date.now();
  // As if the clock had been set forward by a year since the last round.
  setRound(now - 365 * DAY_MS, now - 365 * DAY_MS);
  expect(await store.beginPruneRound()).toBe(now - 364 * DAY_MS);
  expect(await store.beginPruneRound()).toBeNull();
  setRound(now - HOUR_MS, now - HOUR_MS);
  expect(await store.beginPruneRound()).toBeGreaterThanOrEqual(now);
});

test('a round that a wrong clock has put into the future holds nobody up', async () => {
  const { store, setRound } = await openWithDoor();
  const now = Date.now();
  setRound(now + DAY_MS, now + DAY_MS);
  const reached = await store.beginPruneRound();
  expect(reached).toBeGreaterThanOrEqual(now);
  expect(reached).toBeLessThan(now + HOUR_MS);
});

test('the first round of all begins at the newest job', async () => {
  const { store, database } = await openWithDoor();
  const { seq } = await insert(store);
  const created = Date.now() - 100 * DAY_MS;
  database.prepare('UPDATE jobs SET created_at = ? WHERE seq = ?').run(created, seq);
  expect(await store.beginPruneRound()).toBe(created + DAY_MS);
});
