/** What a worker does when things change under its feet. */
import { DatabaseSync } from '@photostructure/sqlite';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { removeDatabase, whileLocked } from '../support/database.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { openTestStore } from '../support/stores.js';
import { openTestQueue, startWorker } from '../support/workers.js';

test('a worker that others gave up ends its job without recording it, and goes on with a new session', async () => {
  const { queue, home, path, pid, over } = await openTestQueue();
  const { event, events } = startWorker(queue);
  const command = `test $QUEUECTL_RUN = 2 && exit; trap '' TERM; echo $$ > ${path('pid')}; while :; do sleep 0.1; done`;
  const { id } = await queue.enqueue({ command, grace: '1h' });
  const jobPid = await pid('pid');
  const [before] = await queue.workers();
  if (before === undefined) throw new Error('no session');
  const others = await openTestStore(home);
  await others.rescueSession(before, []);
  await event('worker.lost_session');
  const job = await over(id);
  expect(isAlive(jobPid)).toBe(false);
  expect(job).toMatchObject({ state: 'completed', run: 2, attempts: 0 });
  expect((await queue.runs(job)).map((run) => run.outcome)).toEqual(['given_back', 'success']);
  expect(events.some((each) => each.event === 'job.disowned')).toBe(true);
  const [after] = await queue.workers();
  expect(after?.id).toBeGreaterThan(before.id);
});

/** A second connection of the test's own, to hold the lock and to change what the store has no door for yet. */
function sideDoor(home: string): InstanceType<typeof DatabaseSync> {
  const database = new DatabaseSync(join(home, 'queue.db'), { timeout: 10_000 });
  onTestFinished(() => database.close());
  return database;
}

test.each(['now', 'gracefully'] as const)(
  'a stop that comes while a claim waits for the lock: the job goes back and is never started (%s)',
  async (how) => {
    const { queue, home, path, said } = await openTestQueue();
    const side = sideDoor(home);
    side.exec(`INSERT INTO queues (name, paused_at) VALUES ('default', 1)`);
    const { id } = await queue.enqueue({ command: `echo started > ${path('started')}; sleep 60` });
    const { worker, ended, event } = startWorker(queue);
    await event('worker.polling');
    await waitUntil(async () => (await queue.workers()).length === 1, { what: 'the session' });
    // In one go, so that the worker sees the ready job only when it can no longer write.
    side.exec(`UPDATE queues SET paused_at = NULL; BEGIN IMMEDIATE`);
    queue.store.bell.ring();
    let turns = 0;
    await waitUntil(() => (turns += 1) > 20, { what: 'the worker to wait for the lock' });
    worker.stop(how);
    side.exec('COMMIT');
    await ended;
    expect(said('started')).toBeNull();
    expect(await queue.get(id)).toMatchObject({ state: 'pending', attempts: 0 });
  },
);

test('a store that is locked for a while costs nothing: the worker reports its job when it can', async () => {
  const tested = await openTestQueue();
  const { queue, path, pid, over } = tested;
  startWorker(queue);
  const { id } = await queue.enqueue({
    command: `echo $$ > ${path('pid')}; while [ ! -e ${path('go')} ]; do sleep 0.02; done`,
  });
  const jobPid = await pid('pid');
  await whileLocked(tested, async () => {
    writeFileSync(path('go'), '');
    await waitUntil(() => !isAlive(jobPid), { what: 'the job to end' });
    expect((await queue.get(id)).state).toBe('processing');
  });
  expect(await over(id)).toMatchObject({ state: 'completed', run: 1 });
});

test('a database that was removed ends the worker, and what it ran', async () => {
  const tested = await openTestQueue();
  const { queue, path, pid } = tested;
  const { ended } = startWorker(queue, { pollIntervalMs: 50 });
  const outcome = ended.then(
    () => 'ended',
    (error: { readonly code?: string }) => error.code,
  );
  await queue.enqueue({ command: `echo $$ > ${path('pid')}; exec sleep 60` });
  const jobPid = await pid('pid');
  await removeDatabase(tested);
  expect(await outcome).toBe('store_lost');
  expect(isAlive(jobPid)).toBe(false);
});
