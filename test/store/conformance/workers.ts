/** Sessions and claims in few words, for the conformance tests. */
import { onTestFinished } from 'vitest';
import type { NewJob, ProcessingJob } from '../../../src/job/job.js';
import type { Transition } from '../../../src/job/decide.js';
import type { Exchange, RunKey, Session, SessionOwner, Store } from '../../../src/store/store.js';
import { ended, insert, owner } from '../../support/stores.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';

/** A store for one test, gone after it. */
export async function forThisTest(open: OpenStoreUnderTest): Promise<StoreUnderTest> {
  const tested = await open();
  onTestFinished(() => tested.dispose());
  return tested;
}

export function openSession(store: Store, changes: Partial<SessionOwner> = {}): Promise<Session> {
  return store.openSession(owner(changes));
}

/** Claims at most `free` jobs; what the session runs already it keeps. */
export async function claim(
  store: Store,
  session: Session,
  free = 1,
  running: readonly RunKey[] = [],
): Promise<readonly ProcessingJob[]> {
  const { claims } = await store.exchange(session, { running, finished: [], free });
  return claims;
}

export async function claimOne(store: Store, session: Session): Promise<ProcessingJob> {
  const [job] = await claim(store, session);
  if (job === undefined) throw new Error('nothing was claimed');
  return job;
}

/** Inserts one job and claims it by a new session. */
export async function startJob(
  store: Store,
  changes: Partial<NewJob> = {},
): Promise<{ session: Session; job: ProcessingJob }> {
  const { seq } = await insert(store, changes);
  const session = await openSession(store, { queues: [changes.queue ?? 'default'] });
  const job = await claimOne(store, session);
  if (job.seq !== seq) throw new Error(`claimed ${job.seq}, not ${seq}`);
  return { session, job };
}

export function finish(
  store: Store,
  session: Session,
  run: RunKey,
  transition: Transition,
): Promise<Exchange> {
  return store.exchange(session, { running: [], finished: [ended(run, transition)], free: 0 });
}
