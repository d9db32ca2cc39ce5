/**
 * The bell: LISTEN on a connection of its own, NOTIFY outside of the transaction that others may be waiting for, since its
 * commit takes a lock that is the whole server's. What gets lost, the poll finds.
 */
import type { Bell, Ring } from '../bell.js';
import type { Connection } from './connection.js';

export const CHANNEL = 'queuectl';
/** A ring that comes sooner after another one waits, and is told together with those that come meanwhile. */
const AT_MOST_EVERY_MS = 20;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

/** What a ring for new jobs says. */
export const JOBS = 'jobs';
const ENDS = 'ends';

/** A transaction that writes nothing else does not wait for the disk: should the server crash, everybody looks anew. */
const NOTIFY: Readonly<Record<Ring, string>> = {
  jobs: `NOTIFY ${CHANNEL}, '${JOBS}'`,
  ends: `NOTIFY ${CHANNEL}, '${ENDS}'`,
  change: `NOTIFY ${CHANNEL}`,
};

/** Told together, the first of these that was rung. */
const URGENCY: readonly Ring[] = ['jobs', 'change', 'ends'];

function moreUrgent(one: Ring, other: Ring): Ring {
  return URGENCY.indexOf(one) < URGENCY.indexOf(other) ? one : other;
}

function ringOf(text: string): Ring {
  return text === JOBS || text === ENDS ? text : 'change';
}

export interface Notifications extends Bell {
  /** Resolves when what was rung at once has been told: a command ends after it. */
  settle(): Promise<void>;
  /** Tells what is still to be told, and no more. */
  close(): Promise<void>;
}

export function createNotifications(connection: Connection): Notifications {
  let lastAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let telling: Promise<void> = Promise.resolve();
  let next: Ring = 'ends';
  const listeners = new Set<() => void>();

  const tell = (): void => {
    timer = undefined;
    lastAt = performance.now();
    // A command that has stored its job must not fail over the bell.
    telling = connection.notify(NOTIFY[next]).catch(() => undefined);
    next = 'ends';
  };
  const ring = (about: Ring = 'change'): void => {
    next = moreUrgent(about, next);
    if (timer !== undefined) return;
    const waitMs = lastAt + AT_MOST_EVERY_MS - performance.now();
    if (waitMs <= 0) tell();
    else timer = setTimeout(tell, waitMs).unref();
  };
  return {
    ring,
    onRing: (callback, signal) => {
      const stop = listenUntil(connection, callback, signal);
      listeners.add(stop);
      signal.addEventListener('abort', () => listeners.delete(stop), { once: true });
    },
    settle: () => telling,
    close: async () => {
      if (timer !== undefined) {
        clearTimeout(timer);
        tell();
      }
      for (const stop of listeners) stop();
      await telling;
    },
  };
}

const HEARD_WITHIN_MS = 2000;

/** Whether a ring arrives at all: a pooler that hands each transaction another connection lets none through. */
export async function hearsBell(connection: Connection): Promise<boolean> {
  let stop = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  const heard = new Promise<boolean>((resolve, reject) => {
    timer = setTimeout(resolve, HEARD_WITHIN_MS, false);
    const ring = async (): Promise<void> => {
      stop = await connection.listen(
        CHANNEL,
        () => resolve(true),
        () => resolve(false),
      );
      await connection.notify(NOTIFY.change);
    };
    ring().catch(reject);
  });
  try {
    return await heard;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    stop();
  }
}

/** Connects again and again, and calls back after each time: nobody knows what was rung meanwhile. */
function listenUntil(
  connection: Connection,
  callback: (about: Ring) => void,
  signal: AbortSignal,
): () => void {
  const over = new AbortController();
  let disconnect: (() => void) | null = null;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  const call = (text = ''): void => {
    if (!over.signal.aborted) callback(ringOf(text));
  };
  const connect = async (): Promise<void> => {
    try {
      disconnect = await connection.listen(CHANNEL, call, reconnectLater);
      failures = 0;
      if (over.signal.aborted) disconnect();
      call();
    } catch {
      // Behind a pooler that shares connections, and where the server is away, the poll serves.
      reconnectLater();
    }
  };
  const reconnectLater = (): void => {
    disconnect = null;
    if (over.signal.aborted || timer !== undefined) return;
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS) * (0.5 + Math.random() / 2);
    failures += 1;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, waitMs).unref();
  };
  const stop = (): void => {
    over.abort();
    clearTimeout(timer);
    disconnect?.();
  };
  if (signal.aborted) return stop;
  signal.addEventListener('abort', stop, { once: true });
  void connect();
  return stop;
}
