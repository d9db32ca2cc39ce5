/** Jobs that wait while nobody would run them: which queues and handlers have no worker. */
import type { Lane } from '../../job/lane.js';
import { openLanes, readyLanes, serves } from './claim-jobs.js';
import type { Connection } from './connection.js';
import type { SessionRow } from './session-rows.js';
import { toSession } from './session-rows.js';

/** A job that falls due later than this wants no worker yet. */
const SOON_MS = 60_000;
/** However many fall due soon, the first of them tell enough. */
const LOOK_AT = 100;

/** What only a worker would make pending. A failed job of a foreground run waits for none. */
const dueSoon = (state: 'scheduled' | 'failed'): string => `
  SELECT run_at, queue, handler FROM jobs WHERE state = '${state}' AND session_id IS NULL AND run_at <= ?
  ORDER BY run_at LIMIT ${LOOK_AT}`;
const DUE_SOON = [dueSoon('scheduled'), dueSoon('failed')];

const WORKERS = `SELECT * FROM workers WHERE kind = 'worker' AND stop_requested_at IS NULL`;

/** `isLiving` asks the kernel: only about workers that would do, and until one is found. */
export async function unservedLanes(
  connection: Connection,
  lanes: readonly Lane[] | undefined,
  isLiving: (row: SessionRow) => boolean,
): Promise<Lane[]> {
  const { workers, waiting } = await connection.read(() => ({
    workers: connection.sql(WORKERS).all() as unknown as SessionRow[],
    waiting: lanes ?? waitingLanes(connection),
  }));
  const found = new Map<SessionRow, boolean>();
  const lives = (row: SessionRow): boolean => {
    const known = found.get(row) ?? isLiving(row);
    found.set(row, known);
    return known;
  };
  return waiting.filter((lane) => !workers.some((row) => serves(toSession({ ...row }), lane) && lives(row)));
}

/** Of queues that are not paused, each once, by queue and handler. */
function waitingLanes(connection: Connection): Lane[] {
  const untilMs = Date.now() + SOON_MS;
  const due = DUE_SOON.flatMap((text) => connection.sql(text).all(untilMs));
  const soon = due.map((row) => ({ queue: String(row['queue']), handler: String(row['handler']) }));
  const all = [...readyLanes(connection), ...openLanes(connection, soon)];
  const keys = [...new Set(all.map(({ queue, handler }) => `${queue} ${handler}`))].toSorted();
  return keys.map((key) => {
    const [queue = '', handler = ''] = key.split(' ');
    return { queue, handler };
  });
}
