/** `queuectl run`: a recorded job that runs now, in this process and in nobody else's. */
import type { Job, ProcessingJob } from '../job/job.js';
import type { JobInput } from '../job/input.js';
import type { Launcher, LaunchSpec } from '../launcher/launcher.js';
import { Stopper } from '../launcher/stop.js';
import { thisProcess } from '../launcher/process-identity.js';
import type { Queue } from '../queue.js';
import type { Session } from '../store/store.js';
import { watchForCancel } from './foreground-cancel.js';
import { inheritedEnvironment } from './job-environment.js';
import { cleanUp, runJob } from './run-job.js';
import type { EndedRun, RunContext } from './run-job.js';
import { WakeUp } from './wake-up.js';

export interface ForegroundOptions {
  readonly launcher: Launcher;
  readonly onOutput: NonNullable<LaunchSpec['onOutput']>;
  /** The most that is kept of what a run prints; the launcher's default. */
  readonly maxOutputBytes?: number;
  /** Cancels the job, as does a cancel by another process. */
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
  const over = new AbortController();
  const launcherLock = options.launcher.lockFile;
  const owner = {
    ...thisProcess(),
    kind: 'run',
    slots: 1,
    queues: null,
    handlers: [],
    launcherLock,
  } as const;
  const session = await store.openSession(owner);
  try {
    const job = await store.insertRunning(session, newJob);
    const environment = inheritedEnvironment(process.env);
    const stoppedFor = (): 'cancelled' => 'cancelled';
    const context: RunContext = { store, environment, stoppedFor, attached: true, ...options };
    const stopper = new Stopper();
    const stop = (): void => stopper.stop();
    options.signal.addEventListener('abort', stop, { once: true, signal: over.signal });
    if (options.signal.aborted) stop();
    watchForCancel(store, job, stopper, over.signal);
    await runWithRetries(session, job, context, stopper.signal);
    return await queue.get(job.id);
  } finally {
    over.abort();
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
    const end = { running: [], finished: [finished], free: 0 };
    const { cancelled } = await context.store.exchange(session, end);
    cleanUp(context.store, finished);
    if (finished.transition.to !== 'failed' || cancelled.length > 0) return;
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
