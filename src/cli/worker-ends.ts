/** Waits for workers to end: until their sessions are over, and the processes on this machine are gone as well. */
import { hostname } from 'node:os';
import { bootId, processStartTime } from '../launcher/process-identity.js';
import type { Queue } from '../queue.js';
import type { Session } from '../store/store.js';

/** For a worker that was killed, and rings no bell. */
const LOOK_MS = 500;
const LOOK_SOON_MS = 20;
/** A program that uses the API may go on without its worker: its process is waited for no longer than this. */
const PROCESS_MS = 2000;

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called at the beginning and whenever some have ended. */
  readonly onLeft?: (left: readonly Session[]) => void;
}

/** Resolves when none is left, or with those that are when the signal aborts. */
export async function waitForEnds(
  { store }: Queue,
  workers: readonly Session[],
  { signal, onLeft }: WaitOptions,
): Promise<readonly Session[]> {
  const over = new AbortController();
  let wake = (): void => undefined;
  let isRung = false;
  const ring = (): void => {
    isRung = true;
    wake();
  };
  store.bell.onRing(ring, over.signal);
  signal.addEventListener('abort', ring, { once: true });
  const closing = new Map<number, number>();
  let left = workers;
  onLeft?.(left);
  try {
    for (;;) {
      isRung = false;
      const running = await runningOf(store, left);
      const still = left.filter((worker) => running.includes(worker) || isClosing(worker, closing));
      if (still.length < left.length) onLeft?.(still);
      left = still;
      if (left.length === 0 || signal.aborted) return left;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (isRung) resolve();
        setTimeout(resolve, running.length < left.length ? LOOK_SOON_MS : LOOK_MS);
      });
    }
  } finally {
    over.abort();
    signal.removeEventListener('abort', ring);
  }
}

/** A killed worker stays in the store until another has seen to its jobs; its launcher may still be ending them. */
async function runningOf(store: Queue['store'], workers: readonly Session[]): Promise<Session[]> {
  const stored = (await store.listSessions('worker')).map(({ id }) => id);
  const dead = await store.listDeadSessions(bootId());
  const over = dead.filter(({ isEnding }) => !isEnding).map(({ session }) => session.id);
  return workers.filter(({ id }) => stored.includes(id) && !over.includes(id));
}

/** Its session is over, but the process still flushes its log and closes its launcher. */
function isClosing(worker: Session, closing: Map<number, number>): boolean {
  const { id, host, bootId: boot, pid, pidStartTime } = worker;
  const since = closing.get(id) ?? performance.now();
  closing.set(id, since);
  if (host !== hostname() || boot !== bootId() || pidStartTime === '') return false;
  return processStartTime(pid) === pidStartTime && performance.now() - since < PROCESS_MS;
}
