/** Rows become sessions here, and nowhere else. */
import type { HowToStop, Session, SessionKind } from '../store.js';
import type { Row } from './driver.js';

export interface SessionRow {
  readonly session_id: number;
  readonly kind: SessionKind;
  readonly host: string;
  readonly boot_id: string;
  readonly pid: number;
  readonly pid_start_time: string;
  readonly lock_name: string;
  readonly lock_inode: string;
  readonly launcher_lock_name: string | null;
  readonly launcher_lock_inode: string | null;
  readonly slots: number;
  readonly queues: string | null;
  readonly handlers: string | null;
  readonly started_at: number;
  readonly stop_requested_at: number | null;
  readonly stop_now: number;
  readonly name: string | null;
}

export function toSession(row: Row): Session {
  const stored = row as unknown as SessionRow;
  return {
    id: stored.session_id,
    token: stored.lock_name,
    name: stored.name,
    kind: stored.kind,
    host: stored.host,
    bootId: stored.boot_id,
    pid: stored.pid,
    pidStartTime: stored.pid_start_time,
    slots: stored.slots,
    queues: stored.queues === null ? null : (JSON.parse(stored.queues) as string[]),
    handlers: stored.handlers === null ? [''] : (JSON.parse(stored.handlers) as string[]),
    startedAtMs: stored.started_at,
    lastBeatAtMs: null,
    isSilent: false,
    isLate: false,
    stopRequested: toStop(stored),
  };
}

/** The columns of it, in any row that has them. */
export const STOP_COLUMNS = 'stop_requested_at, stop_now';

export function toStop(row: Pick<SessionRow, 'stop_requested_at' | 'stop_now'>): HowToStop | null {
  if (row.stop_requested_at === null) return null;
  return row.stop_now === 1 ? 'now' : 'gracefully';
}
