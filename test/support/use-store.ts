/** Everything that a store can do with jobs, once: for tests of how the statements behind it are carried out. */
import { FINAL_STATES, STATES } from '../../src/job/state.js';
import type { Store } from '../../src/store/store.js';
import { ended, newJob, owner, TO } from './stores.js';

/** Of a new store, which is left with jobs, but without sessions. */
export async function useStore(store: Store): Promise<void> {
  await store.insertJobs([newJob(), newJob({ id: 'named' }), newJob({ queue: 'b' })], 'error');
  const session = await store.openSession(owner());
  await claimAndFinish(store, session);
  await changeAll(store);
  await runInForeground(store);
  await look(store);
  await store.outlook(session);
  await store.listOwned(session);
  await store.listOwnedIds(session, 1);
  await store.listDeadSessions('another boot');
  await store.closeSession(session);
}

async function claimAndFinish(store: Store, session: Parameters<Store['exchange']>[0]): Promise<void> {
  const { claims } = await store.exchange(session, { running: [], finished: [], free: 3 });
  const finished = claims.map((job, n) => ended(job, [TO.failed, TO.dead, TO.completed][n] ?? TO.completed));
  await store.exchange(session, { running: [], finished, free: 3 });
  await store.insertJobs(
    Array.from({ length: 20 }, () => newJob({ queue: 'many' })),
    'error',
  );
  const many = await store.exchange(session, { running: [], finished: [], free: 20 });
  const ends = many.claims.map((claimed) => ended(claimed, TO.completed));
  await store.exchange(session, { running: [], finished: ends, free: 0 });
}

const CANCEL = {
  kind: 'cancel',
  cancel: { signal: 'SIGTERM', graceMs: null, reason: 'cancelled by a person' },
} as const;

async function changeAll(store: Store): Promise<void> {
  const third = { ids: ['3'] };
  await store.changeJobs(third, { kind: 'retry', from: ['completed'], delayMs: 0 });
  await store.changeJobs(third, { kind: 'hold' });
  await store.changeJobs(third, { kind: 'release' });
  await store.changeJobs(third, { kind: 'set', settings: { priority: 3, tags: ['nightly'] } });
  await store.changeJobs(third, CANCEL);
  await store.changeJobs(third, { kind: 'retry', from: ['cancelled'], delayMs: 0 });
  await store.changeJobs({ ids: ['5'] }, { kind: 'retry', from: ['completed'], delayMs: 1000 });
  await store.changeJobs({ ids: ['4'] }, { kind: 'remove', from: FINAL_STATES });
}

async function runInForeground(store: Store): Promise<void> {
  const session = await store.openSession(owner({ kind: 'run' }));
  const job = await store.insertRunning(session, newJob());
  await store.exchange(session, { running: [], finished: [ended(job, TO.failed)], free: 0 });
  const again = await store.rerun(session, job.seq);
  await store.areProcessing([job]);
  if (again !== null) await store.changeJobs({ ids: [again.id] }, CANCEL);
  await store.closeSession(session);
}

async function look(store: Store): Promise<void> {
  const job = await store.getJob('1');
  if (job === null) throw new Error('the first job is gone');
  await store.getJob('named');
  for (const queue of [undefined, 'default'])
    for (const state of STATES) {
      const after = { state, atMs: 1, seq: 1, priority: 0, queue: 'default', handler: '' };
      await store.listJobs({ states: STATES, queue, limit: 10 });
      await store.listJobs({ states: [state], queue, limit: 10, after });
    }
  await store.counts();
  await store.counts(['default']);
  await store.isDrained(null);
  await store.listQueues();
  await store.readyLanes();
  await store.countAhead(job, 10);
  await store.beginChanges(null);
  await store.changes(await store.beginChanges(1));
  await store.findJobs([1]);
  await store.runsAfter([{ seq: 1, run: 0 }]);
  for (const state of FINAL_STATES) {
    await store.listEnded(state, 0, null, 10);
    await store.listEnded(state, 0, { finishedAtMs: 1, seq: 1 }, 10);
  }
  await store.countPrunable({ states: FINAL_STATES, endedBeforeMs: 0 });
  await store.pruneJobs({ states: FINAL_STATES, endedBeforeMs: 1 }, 10);
  await store.beginPruneRound();
  await store.unservedLanes();
  await store.listRuns(1);
  await store.latestRuns([1]);
}
