/** What a pause means for a worker. */
import type { ProcessingJob } from '../job/job.js';
import { emit } from '../log.js';
import type { Pauses, Store } from '../store/store.js';

/** Jobs that were claimed ahead of the pause and have not started. */
export function isPaused({ queue }: ProcessingJob, { allSinceMs, queues }: Pauses): boolean {
  return allSinceMs !== null || queues.some(({ name }) => name === queue);
}

/** Whether nothing is left to do in a worker's own queues; says what it leaves behind in those that are paused. */
export async function isAllDone(store: Store, own: readonly string[] | null): Promise<boolean> {
  if (!(await store.isDrained(own))) return false;
  const left = (await store.listQueues()).filter(
    ({ name, pausedAtMs, counts }) =>
      pausedAtMs !== null && (own === null || own.includes(name)) && counts.pending + counts.failed > 0,
  );
  const jobs = left.reduce((sum, { counts }) => sum + counts.pending + counts.failed, 0);
  if (jobs > 0) emit({ event: 'worker.left_paused', queues: left.map(({ name }) => name), jobs });
  return true;
}
