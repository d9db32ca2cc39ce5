/** Jobs that wait while nobody would run them: which queues and handlers have no worker. */
import type { Lane } from '../../job/lane.js';
import type { Session } from '../store.js';
import { EVERY_LANE } from './claim-jobs.js';
import type { Connection } from './connection.js';
import { NOW_MS } from './now.js';
import { NOT_PAUSED } from './queues.js';
import { SESSION_COLUMNS, toSession } from './session-rows.js';
import type { SessionRow } from './session-rows.js';

/** A job that falls due later than this wants no worker yet. */
const SOON_MS = 60_000;
/** However many fall due soon, the first of them tell enough. */
const LOOK_AT = 100;

/** What only a worker would make pending. A failed job of a foreground run waits for none. */
const dueSoon = (state: 'scheduled' | 'failed'): string => `
  (SELECT queue, handler FROM queuectl.jobs
    WHERE state = '${state}' AND session_id IS NULL AND run_at <= ${NOW_MS} + ${SOON_MS}
    ORDER BY run_at LIMIT ${LOOK_AT})`;

/** Of queues that are not paused, each once. */
const WAITING = `
  WITH RECURSIVE ${EVERY_LANE}
  SELECT queue, handler FROM (
    SELECT queue, handler FROM every_lane UNION ${dueSoon('scheduled')} UNION ${dueSoon('failed')}
  ) l
  WHERE ${NOT_PAUSED('l.queue')} ORDER BY queue, handler`;

const WORKERS = `SELECT ${SESSION_COLUMNS} FROM queuectl.workers WHERE kind = 'worker' AND stop_requested_at IS NULL`;

/** `isLiving` asks the kernel: only about workers that would do, and until one is found. */
export async function unservedLanes(
  connection: Connection,
  lanes: readonly Lane[] | undefined,
  isLiving: (row: SessionRow) => boolean,
): Promise<Lane[]> {
  const workers = (await connection.rows(WORKERS)) as unknown as SessionRow[];
  const waiting = lanes ?? (await connection.rows(WAITING)).map(toLane);
  const found = new Map<SessionRow, boolean>();
  const lives = (row: SessionRow): boolean => {
    const known = found.get(row) ?? isLiving(row);
    found.set(row, known);
    return known;
  };
  return waiting.filter((lane) => !workers.some((row) => serves(toSession({ ...row }), lane) && lives(row)));
}

function toLane(row: Readonly<Record<string, unknown>>): Lane {
  return { queue: String(row['queue']), handler: String(row['handler']) };
}

function serves({ queues, handlers }: Session, { queue, handler }: Lane): boolean {
  return (queues === null || queues.includes(queue)) && handlers.includes(handler);
}
