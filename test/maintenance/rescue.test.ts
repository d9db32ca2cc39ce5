import { DatabaseSync } from '@photostructure/sqlite';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listen } from '../../src/log.js';
import type { LogEvent } from '../../src/log.js';
import { rescueDeadSessions } from '../../src/maintenance/rescue.js';
import { sweepLeftFiles } from '../../src/maintenance/sweep.js';
import { draftFile, logFile, noteFile } from '../../src/output/log-file.js';
import { isAlive, killQuietly } from '../support/processes.js';
import { startProgram } from '../support/programs.js';
import { openTestStore, owner, TO } from '../support/stores.js';
import { openTestQueue, startWorker, storedText } from '../support/workers.js';
import type { TestQueue } from '../support/workers.js';

interface Crashed extends TestQueue {
  readonly id: string;
  readonly jobPid: number;
}

/** A job whose worker was killed while it ran. The job itself, and a child of it that ignores TERM, live on. */
async function crash(sql?: string): Promise<Crashed> {
  const tested = await openTestQueue();
  const { path, queue } = tested;
  const command = `
    if [ $QUEUECTL_RUN = 1 ]; then
      echo hello
      (trap '' TERM; echo x > ${path('child')}; while :; do sleep 0.1; done) &
      echo $! > ${path('childPid')}; echo $$ > ${path('pid')}
      wait
    fi
    for pid in $(cat ${path('pid')} ${path('childPid')}); do
      case $(cut -d ' ' -f 3 /proc/$pid/stat 2> /dev/null) in '' | Z | X) ;; *) echo "$pid is alive" ;; esac
    done
    echo again`;
  const { id } = await queue.enqueue({ command });
  const program = await startProgram('worker', { home: tested.home });
  const jobPid = await tested.pid('pid');
  await tested.pid('childPid');
  if (sql !== undefined) {
    const database = new DatabaseSync(join(tested.home, 'queue.db'), { timeout: 10_000 });
    database.exec(sql);
    database.close();
  }
  await program.kill();
  expect(isAlive(jobPid)).toBe(true);
  return { ...tested, id, jobPid };
}

test('a living worker ends what is left of a dead one, then runs its job again; the crash is counted, the output kept', async () => {
  const { queue, id, over, home } = await crash();
  const { events } = startWorker(queue);
  const job = await over(id);
  expect(job).toMatchObject({ state: 'completed', run: 2, attempts: 0, crashes: 1 });
  const runs = await queue.runs(job);
  expect(runs.map((run) => [run.outcome, storedText(run)])).toEqual([
    ['lost', 'hello\n'],
    ['success', 'again\n'],
  ]);
  expect(events.filter((event) => event.event === 'job.rescued')).toMatchObject([{ id, cause: 'crash' }]);
  expect(await queue.workers()).toHaveLength(1);
  expect(existsSync(noteFile(queue.store.runDir, job.seq, 1))).toBe(false);
  expect(existsSync(logFile(queue.store.logsDir, job.seq, 1))).toBe(false);
  expect(home).toBe(queue.store.home);
});

test('two rescuers at once count one crash', async () => {
  const { queue, id, home, jobPid } = await crash();
  const stores = [queue.store, await openTestStore(home)];
  await Promise.all(stores.map((store) => rescueDeadSessions(store)));
  const job = await queue.get(id);
  expect(job).toMatchObject({ attempts: 0, crashes: 1, run: 1 });
  expect(['scheduled', 'pending']).toContain(job.state);
  expect(await queue.runs(job)).toHaveLength(1);
  expect(isAlive(jobPid)).toBe(false);
});

test('a job that has killed too many workers is dead: poison', async () => {
  const { queue, id } = await crash('UPDATE jobs SET crashes = 4');
  await rescueDeadSessions(queue.store);
  expect(await queue.get(id)).toMatchObject({
    state: 'dead',
    crashes: 5,
    reason: expect.stringContaining('lost') as string,
  });
});

test('a job that a person has cancelled is not run again, and what is left of it is ended', async () => {
  const { queue, id, jobPid, pid } = await crash();
  expect(await queue.cancel(id)).toMatchObject({ state: 'processing' });
  const events: LogEvent[] = [];
  listen((event) => events.push(event));
  await rescueDeadSessions(queue.store);
  listen(null);
  expect(await queue.get(id)).toMatchObject({
    state: 'cancelled',
    crashes: 1,
    attempts: 0,
    run: 1,
    reason: 'cancelled by a person',
  });
  expect(events).toMatchObject([{ event: 'job.rescued', id, to: 'cancelled' }]);
  for (const left of [jobPid, await pid('childPid')]) expect(isAlive(left)).toBe(false);
});

test('after a restart of the machine nothing is counted and nothing is killed', async () => {
  const { queue, id, jobPid, pid } = await crash(`UPDATE workers SET boot_id = 'before'`);
  await rescueDeadSessions(queue.store);
  expect(isAlive(jobPid)).toBe(true);
  for (const stray of [jobPid, await pid('childPid')]) killQuietly(stray);
  expect(await queue.get(id)).toMatchObject({ state: 'pending', crashes: 0, attempts: 0, run: 1 });
});

test('the living are left alone', async () => {
  const { queue } = await openTestQueue();
  const session = await queue.store.openSession(owner());
  await rescueDeadSessions(queue.store);
  expect(await queue.workers()).toEqual([session]);
});

test('notes of runs that are over are swept up, those of running ones stay', async () => {
  const { queue } = await openTestQueue();
  const { store } = queue;
  await queue.enqueueMany([{ command: 'true' }, { command: 'true' }]);
  const session = await store.openSession(owner({ slots: 2 }));
  const { claims } = await store.exchange(session, { running: [], finished: [], free: 2 });
  const [over] = claims;
  if (over === undefined) throw new Error('nothing was claimed');
  const finished = [
    {
      seq: over.seq,
      run: 1,
      transition: TO.completed,
      outcome: 'success' as const,
      exitCode: 0,
      signal: null,
      reason: null,
      outputBytes: 0,
      output: null,
    },
  ];
  await store.exchange(session, { running: claims.slice(1), finished, free: 0 });
  for (const name of ['1.1', '2.1', '2.7', '99.1', 'notes.txt'])
    writeFileSync(join(store.runDir, name), '{}');
  await sweepLeftFiles(store);
  expect(
    readdirSync(store.runDir)
      .filter((name) => !name.includes('.lock'))
      .toSorted(),
  ).toEqual(['2.1', 'notes.txt']);
});

test('drafts of notes are swept up an hour after their last use', async () => {
  const { queue } = await openTestQueue();
  const { store } = queue;
  mkdirSync(store.runDir, { recursive: true });
  const [old, late] = ['a-1', 'a-2'].map((name) => draftFile(store.runDir, name)) as [string, string];
  for (const file of [old, late]) writeFileSync(file, '{}');
  const twoHoursAgo = new Date(Date.now() - 7_200_000);
  utimesSync(old, twoHoursAgo, twoHoursAgo);
  await sweepLeftFiles(store);
  expect([old, late].map((file) => existsSync(file))).toEqual([false, true]);
});

test('a job that its dead worker never started runs again at once, and counts no crash', async () => {
  const { queue, home, over } = await openTestQueue();
  const { id } = await queue.enqueue({ command: 'true' });
  const program = await startProgram('session', { home, count: 1 });
  expect((await program.next())['claims']).toEqual([id]);
  await program.kill();
  startWorker(queue);
  const job = await over(id);
  expect(job).toMatchObject({ state: 'completed', run: 2, attempts: 0, crashes: 0 });
  expect(await queue.runs(job)).toMatchObject([
    { outcome: 'given_back', reason: 'never started: its worker died' },
    { outcome: 'success' },
  ]);
});
