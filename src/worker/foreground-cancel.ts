import { isSameCancel } from '../job/cancel.js';
import type { PendingCancel } from '../job/cancel.js';
import type { ProcessingJob } from '../job/job.js';
import { signalNumber } from '../launcher/stop.js';
import type { Stopper } from '../launcher/stop.js';
import type { Store } from '../store/store.js';

/** The bell tells of a cancel; this is for the ring that got lost. */
const LOOK_AGAIN_MS = 1000;

/**
 * Asks the stopper for the end of a foreground run when another process cancels its job, be it while it runs or while
 * it waits for its retry. Until the signal aborts.
 */
export function watchForCancel(
  store: Store,
  { id }: ProcessingJob,
  stopper: Stopper,
  signal: AbortSignal,
): void {
  let heard: PendingCancel | null = null;
  const look = async (): Promise<void> => {
    const job = await store.getJob(id);
    if (signal.aborted) return;
    if (job?.state === 'failed') return;
    if (job?.state !== 'processing') {
      stopper.stop(); // It was taken from us while it waited; there is nothing left to run.
    } else if (job.cancel !== null && !isSameCancel(heard, job.cancel)) {
      heard = job.cancel;
      stopper.stop({ signal: signalNumber(job.cancel.signal), graceMs: job.cancel.graceMs });
    }
  };
  // Trouble of the store is met, and told, by the run itself.
  const tryToLook = (): void => void look().catch(() => undefined);
  const timer = setInterval(tryToLook, LOOK_AGAIN_MS);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  store.bell.onRing((about) => {
    if (about !== 'ends') tryToLook();
  }, signal);
  tryToLook();
}
