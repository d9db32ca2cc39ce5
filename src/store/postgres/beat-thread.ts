/**
 * A thread with a connection of its own, which says for the sessions of its process that they live, and looks whether
 * those of others do. It is a bundle of its own: the start of scripts/build.mjs says so.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { bootMs } from '../../boot-clock.js';
import { leaseTimes } from '../lease.js';
import { BeatWatch } from './beat-watch.js';
import type { SeenBeat } from './beat-watch.js';
import type { News, Order, OwnSession, ThreadOptions } from './beat-words.js';
import { openSingle } from './driver.js';
import { KEEPALIVES, setConfig } from './keepalives.js';
import type { SingleClient } from './driver.js';
import { NOW_MS } from './now.js';
import { plainArray, textArray } from './arrays.js';

/**
 * Each beat differs from the one before, whatever becomes of the server's clock. It need not be on the disk: a server that
 * ends breaks the connections of all who look. The setting holds for this transaction alone.
 */
const BEAT = `
  WITH beat AS (
    UPDATE queuectl.workers SET heartbeat = greatest(heartbeat + 1, ${NOW_MS}) 
    FROM unnest($1::bigint[], $2::text[]) AS own (id, token) WHERE session_id = id AND lock_name = token
    RETURNING session_id
  )
  SELECT session_id, heartbeat, lease_ms, session_id IN (SELECT session_id FROM beat) AS is_living
  FROM queuectl.workers, (SELECT set_config('synchronous_commit', 'off', true), ${setConfig(KEEPALIVES)}) AS lazily`;

const FIRST_RETRY_MS = 50;
const LAST_WAIT_MS = 200;

const { url, leaseMs } = workerData as ThreadOptions;
const { beatEveryMs, answerWithinMs } = leaseTimes(leaseMs);
const watch = new BeatWatch();
let sessions: readonly OwnSession[] = [];
let isChanged = false;
/** A beat that the main thread does not hear of helps nobody: it cannot tell its launcher, which ends the jobs. */
let isHeard = true;
let client: SingleClient | null = null;
let failures = 0;
let wake = (): void => undefined;

parentPort?.on('message', (order: Order) => {
  if (order.kind === 'heard') isHeard = true;
  else {
    sessions = order.sessions;
    isChanged = true;
  }
  wake();
});

async function main(): Promise<void> {
  let dueAt = 0;
  let isOver = false;
  while (!isOver) {
    const waitMs = dueAt - performance.now();
    if (isChanged && sessions.length === 0) isOver = true;
    else if (!isHeard || sessions.length === 0) await untilTold(null);
    else if (waitMs > 0 && !isChanged) await untilTold(waitMs);
    else dueAt = await tryToBeat();
  }
  // A server that does not answer must not keep the thread.
  const tooLong = new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS));
  await Promise.race([client?.end(), tooLong]);
  process.exit();
}

/** When to beat again. */
async function tryToBeat(): Promise<number> {
  isChanged = false;
  try {
    const dueAt = await beat(sessions);
    failures = 0;
    return dueAt;
  } catch {
    watch.forget();
    void client?.end();
    client = null;
    tell({ kind: 'trouble' });
    const waitMs = Math.min(beatEveryMs / 4, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
    failures += 1;
    return performance.now() + waitMs * (0.5 + Math.random() / 2);
  }
}

async function beat(own: readonly OwnSession[]): Promise<number> {
  const asked = own.map(({ id }) => id);
  client ??= await openSingle(url, answerWithinMs);
  const [askedAtMs, askedAt] = [bootMs(), performance.now()];
  const rows = await client.query(BEAT, [plainArray(asked), textArray(own.map(({ token }) => token))]);
  const answeredAt = performance.now();
  const living = rows.filter((row) => row['is_living'] === true).map((row) => Number(row['session_id']));
  const others = rows.map(toSeenBeat).filter(({ id }) => !asked.includes(id));
  const silent = watch.look(others, askedAt, answeredAt);
  isHeard = false;
  tell({ kind: 'beat', askedAtMs, asked, living, silent });
  return Math.min(askedAt + beatEveryMs, watch.nextAt(others, answeredAt));
}

function toSeenBeat(row: Readonly<Record<string, unknown>>): SeenBeat {
  return {
    id: Number(row['session_id']),
    beatMs: Number(row['heartbeat']),
    leaseMs: Number(row['lease_ms']),
  };
}

function tell(news: News): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A port of a thread, not a window.
  parentPort?.postMessage(news);
}

/** Until the next order, or for so long. */
async function untilTold(waitMs: number | null): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = waitMs === null ? undefined : setTimeout(resolve, waitMs);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

void main();
