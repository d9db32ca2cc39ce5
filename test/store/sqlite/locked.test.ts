/** Another process holds the database locked. */
import { expect, test } from 'vitest';
import { waitUntil } from '../../support/processes.js';
import { startProgram } from '../../support/programs.js';
import { insert, openTestStore, owner, temporaryHome } from '../../support/stores.js';

test.each(['IMMEDIATE', 'EXCLUSIVE'])(
  'BEGIN %s elsewhere: a write waits, the event loop goes on, and the write is done once it may',
  async (begin) => {
    const home = temporaryHome();
    const store = await openTestStore(home);
    const holder = await startProgram('lock', { home, begin });
    await holder.next();
    let done = false;
    const write = insert(store).finally(() => (done = true));
    // A call that blocked would be over, by its timeout, before the event loop had made that many turns.
    let turns = 0;
    await waitUntil(() => (turns += 1) > 20, { what: 'the event loop to go on' });
    expect(done).toBe(false);
    await holder.finish();
    await write;
    expect(await store.counts()).toMatchObject({ pending: 1 });
  },
);

test('a write gives up as `unavailable` after its lock timeout, not before, and stores nothing', async () => {
  const home = temporaryHome();
  const patient = await openTestStore(home);
  const hasty = await openTestStore(home, 200);
  const holder = await startProgram('lock', { home });
  await holder.next();
  const start = performance.now();
  await expect(insert(hasty)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('locked') as string,
    hint: expect.stringContaining('--lock-timeout') as string,
  });
  expect(performance.now() - start).toBeGreaterThanOrEqual(200);
  expect(await patient.counts()).toMatchObject({ pending: 0 });
  await holder.finish();
  await insert(hasty);
  expect(await patient.counts()).toMatchObject({ pending: 1 });
});

test('readers are not kept waiting by a writer', async () => {
  const home = temporaryHome();
  const store = await openTestStore(home, 0);
  const { id } = await insert(store);
  const session = await store.openSession(owner());
  const holder = await startProgram('lock', { home });
  await holder.next();
  expect((await store.getJob(id))?.state).toBe('pending');
  expect(await store.outlook(session)).toMatchObject({ ready: true });
  expect(await store.listJobs({ limit: 5 })).toHaveLength(1);
  await holder.finish();
});

test('a home is opened while another process writes', async () => {
  const home = temporaryHome();
  await openTestStore(home);
  const holder = await startProgram('lock', { home, begin: 'EXCLUSIVE' });
  await holder.next();
  const store = await openTestStore(home, 200);
  expect(await store.counts()).toMatchObject({ pending: 0 });
  await holder.finish();
});
