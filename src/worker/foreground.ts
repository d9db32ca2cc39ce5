/** `queuectl run`: a recorded job that runs now, in this process and in nobody else's. */
import type { Job, ProcessingJob } from '../job/job.js';
import type { JobInput } from '../job/options.js';
import type { Launcher, LaunchSpec } from '../launcher/launcher.js';
import { thisProcess } from '../launcher/process-identity.js';
import type { Queue } from '../queue.js';
import type { Session } from '../store/store.js';
import { cleanUp, runJob } from './run-job.js';
import type { EndedRun, RunContext } from './run-job.js';
import { WakeUp } from './wake-up.js';

export interface ForegroundOptions {
  readonly launcher: Launcher;
  readonly onOutput: NonNullable<LaunchSpec['onOutput']>;
  /** The most that is kept of what a run prints; the launcher's default. */
  readonly maxOutputBytes?: number;
  /** Cancels the job. */
  readonly signal: AbortSignal;
}

/**
 * Inserts the job as processing under a session of its own, runs it to its end with its retries, and returns
 * it as it then is. Should this process die, the job is dead (lost), never rerun by others. Throws `usage`
 * and stores nothing for bad input.
 */
export async function runInForeground(
  queue: Queue,
  input: JobInput,
  options: ForegroundOptions,
): Promise<Job> {
  const { store } = queue;
  const newJob = queue.parse(input);
  const session = await store.openSession({ ...thisProcess(), kind: 'run', slots: 1, queues: null });
  try {
    const job = await store.insertRunning(session, newJob);
    const context: RunContext = { store, stoppedFor: 'cancelled', attached: true, ...options };
    await runWithRetries(session, job, context, options.signal);
    return await queue.get(job.id);
  } finally {
    await store.closeSession(session);
  }
}

async function runWithRetries(
  session: Session,
  first: ProcessingJob,
  context: RunContext,
  signal: AbortSignal,
): Promise<void> {
  for (let job: ProcessingJob | null = first; job !== null;) {
    const finished: EndedRun = await runJob(job, context, signal);
    await context.store.exchange(session, { running: [], finished: [finished], free: 0 });
    cleanUp(context.store, finished);
    if (finished.transition.to !== 'failed') return;
    await sleepUnlessAborted(finished.transition.delayMs, signal);
    // An abort meanwhile lets the rerun end at once, as cancelled, by the same path as any other.
    job = await context.store.rerun(session, job.seq);
  }
}

async function sleepUnlessAborted(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const wakeUp = new WakeUp();
  const wake = (): void => wakeUp.wake();
  signal.addEventListener('abort', wake, { once: true });
  const endAt = performance.now() + durationMs;
  do await wakeUp.sleep(endAt - performance.now());
  while (!signal.aborted && performance.now() < endAt);
  signal.removeEventListener('abort', wake);
}
