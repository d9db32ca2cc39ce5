/** How a foreground run tells the store of its end. */
import { QueueError } from '../errors.js';
import type { Exchange, FinishedRun, Session, Store } from '../store/store.js';
import type { LeaseWatch } from './lease-watch.js';
import { sleepUnlessAborted } from './wake-up.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2000;

/**
 * Again and again while the lease holds, since nobody else has taken the job then; once where there is none, or where the
 * signal has aborted. Throws what says how the command ended, which no store knows then.
 */
export async function reportEnd(
  store: Store,
  session: Session,
  finished: FinishedRun,
  lease: LeaseWatch,
  signal: AbortSignal,
): Promise<Exchange> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_RETRY_MS)) {
    try {
      return await store.exchange(session, { running: [], finished: [finished], free: 0 });
    } catch (error) {
      if (!(error instanceof QueueError)) throw error;
      if (error.code !== 'unavailable' || !lease.isHeld || signal.aborted) throw unrecorded(error, finished);
    }
    await sleepUnlessAborted(waitMs, signal);
  }
}

function unrecorded(error: QueueError, { outcome, exitCode, signal }: FinishedRun): QueueError {
  const how =
    outcome === 'lost'
      ? 'was ended, since this process was cut off from the database for most of its lease'
      : `has ended (${signal === null ? `exit code ${exitCode ?? 'unknown'}` : `by ${signal}`})`;
  return new QueueError(
    error.code,
    `the command ${how}, and that could not be recorded: ${error.message}`,
    'the job will be dead (lost): no worker runs it again',
    { cause: error },
  );
}
