/** `queuectl run`: a recorded job that runs now, in this process and in nobody else's. */
import { QueueError } from '../errors.js';
import type { Job, ProcessingJob } from '../job/job.js';
import type { JobInput } from '../job/input.js';
import type { Launcher, LaunchSpec } from '../launcher/launcher.js';
import { Stopper } from '../launcher/stop.js';
import { thisProcess } from '../launcher/process-identity.js';
import type { Queue } from '../queue.js';
import type { Exchange, Session, Store } from '../store/store.js';
import { watchForCancel } from './foreground-cancel.js';
import { reportEnd } from './foreground-report.js';
import { inheritedEnvironment } from './job-environment.js';
import { LeaseWatch } from './lease-watch.js';
import { openUploads, SEND_WITHIN_MS } from './log-uploads.js';
import { NoteDrafts } from './note-drafts.js';
import { cleanUp, runJob } from './run-job.js';
import type { EndedRun, RunContext } from './run-job.js';
import { sleepUnlessAborted } from './wake-up.js';

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
  const lease = new LeaseWatch(options.launcher, {});
  lease.begin(store.leaseOf(session));
  const uploads = openUploads(store, () => options.maxOutputBytes);
  const notes = new NoteDrafts(store.runDir);
  try {
    const job = await store.insertRunning(session, newJob);
    const environment = inheritedEnvironment(process.env);
    const stoppedFor = (): 'cancelled' => 'cancelled';
    const files = { store, notes, uploads };
    const context: RunContext = { files, environment, stoppedFor, attached: true, ...options };
    const stopper = new Stopper();
    const stop = (): void => stopper.stop();
    options.signal.addEventListener('abort', stop, { once: true, signal: over.signal });
    if (options.signal.aborted) stop();
    watchForCancel(store, job, stopper, over.signal);
    const report = (finished: EndedRun): Promise<Exchange> =>
      reportEnd(store, session, finished, lease, stopper.signal);
    await runWithRetries(session, job, context, { report, signal: stopper.signal });
    return await queue.get(job.id);
  } finally {
    over.abort();
    await uploads?.finish(SEND_WITHIN_MS);
    notes.remove();
    lease.end();
    await close(store, session);
  }
}

/** Where the database does not answer, the end of the lease or of this process says the same. */
async function close(store: Store, session: Session): Promise<void> {
  try {
    await store.closeSession(session);
  } catch (error) {
    if (!(error instanceof QueueError) || error.code !== 'unavailable') throw error;
    store.leaveSession(session);
  }
}

interface HowToRun {
  readonly report: (finished: EndedRun) => Promise<Exchange>;
  readonly signal: AbortSignal;
}

async function runWithRetries(
  session: Session,
  first: ProcessingJob,
  context: RunContext,
  { report, signal }: HowToRun,
): Promise<void> {
  for (let job: ProcessingJob | null = first; job !== null;) {
    context.files.uploads?.begin(job);
    const finished: EndedRun = await runJob(job, context, signal);
    const { cancelled } = await report(finished);
    cleanUp(context.files, finished);
    if (finished.transition.to !== 'failed' || cancelled.length > 0) return;
    await sleepUnlessAborted(finished.transition.delayMs, signal);
    // An abort meanwhile lets the rerun end at once, as cancelled, by the same path as any other.
    job = await context.files.store.rerun(session, job.seq);
  }
}
