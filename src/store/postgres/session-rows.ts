/** Rows become sessions here, and nowhere else. */
import { NOW_MS } from './now.js';
import type { Row } from '../rows/row.js';
import type { HowToStop, Session, SessionKind } from '../store.js';

/** What `SessionRow` is read from, with the age of the beat by the server's clock. */
export const SESSION_COLUMNS = `*, ${NOW_MS} - heartbeat AS silent_ms`;

export interface SessionRow {
  readonly session_id: number;
  readonly kind: SessionKind;
  readonly host: string;
  readonly boot_id: string;
  readonly pid: number;
  readonly pid_start_time: string;
  readonly home_id: string;
  readonly lock_name: string;
  readonly lock_inode: string;
  readonly launcher_lock_name: string | null;
  readonly launcher_lock_inode: string | null;
  readonly slots: number;
  readonly queues: string | null;
  readonly handlers: string | null;
  readonly started_at: number;
  readonly heartbeat: number;
  readonly lease_ms: number;
  readonly silent_ms: number;
  readonly stop_requested_at: number | null;
  readonly stop_now: boolean;
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
    lastBeatAtMs: stored.heartbeat,
    isSilent: isSilent(stored),
    isLate: stored.silent_ms > stored.lease_ms / 3,
    stopRequested: toStop(stored),
  };
}

/** Nothing to count on: a server's clock may be set. It is enough to tell a person, and to give a name away. */
export function isSilent(row: Pick<SessionRow, 'silent_ms' | 'lease_ms'>): boolean {
  return row.silent_ms > row.lease_ms;
}

export function toStop(row: Pick<SessionRow, 'stop_requested_at' | 'stop_now'>): HowToStop | null {
  if (row.stop_requested_at === null) return null;
  return row.stop_now ? 'now' : 'gracefully';
}
