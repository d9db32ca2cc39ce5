/** Reads what decides why a job does not run. */
import { noSuchJob } from './change-jobs.js';
import { explain, MOST_AHEAD } from './job/explain.js';
import type { Explanation, WorkerFacts } from './job/explain.js';
import type { Job } from './job/job.js';
import { bootId } from './launcher/process-identity.js';
import type { Session, Store } from './store/store.js';

/** Reads are short and not one: a job that moves on meanwhile is looked at again, and rarely more than once. */
const LOOKS = 3;
/** Of jobs that a worker has claimed ahead; the place of those behind does not matter. */
const MOST_OWNED = 10_000;

/** Throws `not_found`. */
export async function explainJob(store: Store, id: string): Promise<Explanation> {
  for (let look = 1; ; look += 1) {
    const job = await store.getJob(id);
    if (job === null) throw noSuchJob(id);
    const found = await explainNow(store, job);
    const after = await store.getJob(id);
    if (look === LOOKS || (after !== null && isSame(job, after))) return found;
  }
}

function isSame(before: Job, after: Job): boolean {
  return before.state === after.state && before.run === after.run && before.updatedAtMs === after.updatedAtMs;
}

async function explainNow(store: Store, job: Job): Promise<Explanation> {
  const { allSinceMs, queues } = await store.pauses();
  const living = await livingSessions(store);
  const owner = job.state === 'processing' ? living.find(({ id }) => id === job.sessionId) : undefined;
  const owned = owner === undefined ? [] : await store.listOwnedIds(owner, MOST_OWNED);
  const workers: WorkerFacts[] = [];
  if (job.state === 'pending')
    for (const session of living.filter((one) => one.kind === 'worker' && one.stopRequested === null))
      workers.push(await factsOf(store, session));
  return explain({
    job,
    nowMs: Date.now(),
    owner: owner === undefined ? null : await factsOf(store, owner),
    isBehind: owner !== undefined && owned.indexOf(job.id) >= owner.slots,
    allPausedSinceMs: allSinceMs,
    queuePausedSinceMs: queues.find(({ name }) => name === job.queue)?.sinceMs ?? null,
    workers,
    ahead: job.state === 'pending' ? await store.countAhead(job, MOST_AHEAD + 1) : 0,
  });
}

async function livingSessions(store: Store): Promise<Session[]> {
  const sessions = await store.listSessions();
  if (sessions.length === 0) return [];
  const dead = await store.listDeadSessions(bootId());
  // One that is silent is as good as dead: whoever watches it for its lease runs its jobs again.
  return sessions.filter(({ id, isSilent }) => !isSilent && !dead.some(({ session }) => session.id === id));
}

async function factsOf(store: Store, session: Session): Promise<WorkerFacts> {
  const { name, pid, host, kind, slots, queues, handlers } = session;
  const busy = (await store.listOwnedIds(session, slots)).length;
  return { name, pid, host, kind, slots, busy, queues, handlers };
}
