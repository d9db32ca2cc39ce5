/** What this machine can know of a session, be it of this home or of another one. */
import type { Beats } from './beats.js';
import type { SessionLocks } from '../liveness.js';
import type { SessionRow } from './session-rows.js';

export interface SessionProbe {
  /** Its process certainly ended. */
  readonly isDead: (row: SessionRow) => boolean;
  /** Its launcher lives and still ends what ran. */
  readonly isEnding: (row: SessionRow) => boolean;
  /** It sent no beat for the whole of its lease, all of which we have watched. */
  readonly isSilent: (row: SessionRow) => boolean;
}

interface ProbeOptions {
  readonly locks: SessionLocks;
  readonly locksDir: string;
  readonly homeId: () => string;
  readonly host: string;
  /** This process is alive, and to ask about its own locks every second would be most of what an idle worker does. */
  readonly isOwn: (sessionId: number) => boolean;
  readonly beats: Beats;
}

export function createSessionProbe({
  locks,
  locksDir,
  homeId,
  host,
  isOwn,
  beats,
}: ProbeOptions): SessionProbe {
  const isFree = (name: string | null, inode: string | null): boolean =>
    name === null || locks.probeSessionLock(locksDir, name, inode ?? '') === 'free';
  return {
    // Locks speak only within their home; one that was copied to another machine, or is shared with it, is another.
    isDead: (row) =>
      !isOwn(row.session_id) &&
      row.home_id === homeId() &&
      row.host === host &&
      isFree(row.lock_name, row.lock_inode),
    isSilent: (row) => !isOwn(row.session_id) && beats.isSilent(row.session_id, row.heartbeat),
    isEnding: (row) => !isFree(row.launcher_lock_name, row.launcher_lock_inode),
  };
}
