/** Jobs that are over and old enough are removed, with all that was kept of them. */
import { failpoint } from '../failpoint.js';
import { removeLogsOf } from '../left-logs.js';
import type { PruneSelection } from '../store/pruning.js';
import type { Store } from '../store/store.js';
import { DAY } from '../time.js';

/** How long jobs are kept after their end; Infinity: for ever. */
export interface Retention {
  /** Completed and cancelled ones. */
  readonly keepCompletedMs: number;
  readonly keepDeadMs: number;
}

const FIRST_LIMIT = 100;
const MOST_AT_ONCE = 500;
/** A transaction holds the write lock, and a worker's event loop, for about this long. */
const BATCH_MS = 10;
/** So many times as long as it took, others have the lock. */
const REST = 4;

/** What is older than the retention says, at this time. */
export function expired({ keepCompletedMs, keepDeadMs }: Retention, now: number): PruneSelection[] {
  return [
    { states: ['completed', 'cancelled'] as const, endedBeforeMs: now - keepCompletedMs },
    { states: ['dead'] as const, endedBeforeMs: now - keepDeadMs },
  ].filter(({ endedBeforeMs }) => Number.isFinite(endedBeforeMs));
}

/** A worker's step: at most once an hour on all workers, and little at a time. How many jobs were removed. */
export async function pruneExpired(store: Store, retention: Retention, signal: AbortSignal): Promise<number> {
  await removeLeftLogs(store);
  const now = await store.beginPruneRound();
  if (now === null) return 0;
  await forgetOldActs(store, now, signal);
  let removed = 0;
  for (const selection of expired(retention, now)) removed += await prune(store, selection, signal);
  return removed;
}

/** What persons did is remembered for this long. */
const KEEP_ACTS_MS = 30 * DAY;

async function forgetOldActs(store: Store, now: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const began = performance.now();
    if ((await store.forgetActs(now - KEEP_ACTS_MS, MOST_AT_ONCE)) < MOST_AT_ONCE) return;
    const restMs = (performance.now() - began) * REST;
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/** Removes all that match, batch by batch, until the signal aborts; may be repeated, and done by several at once. */
export async function prune(store: Store, selection: PruneSelection, signal?: AbortSignal): Promise<number> {
  let [removed, limit] = [0, FIRST_LIMIT];
  for (;;) {
    if (signal?.aborted === true) break;
    const began = performance.now();
    const pruned = await store.pruneJobs(selection, limit);
    if (pruned === null) break;
    const tookMs = performance.now() - began;
    failpoint('prune.after_commit');
    await removeLogsOf(store, pruned);
    removed += pruned.seqs.length;
    if (pruned.seqs.length < limit) break;
    limit = tookMs > BATCH_MS ? Math.max(1, limit >> 1) : Math.min(MOST_AT_ONCE, limit * 2);
    await new Promise((resolve) => setTimeout(resolve, tookMs * REST));
  }
  return removed;
}

/** What a process left that was killed between a commit and the removal of the logs. */
export async function removeLeftLogs(store: Store): Promise<void> {
  for (const pruned of await store.listPruned()) await removeLogsOf(store, pruned);
}
