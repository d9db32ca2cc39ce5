/** What a session runs and a person wants to end. */
import type { CancelledRun, Session } from '../store.js';
import { toPendingCancel } from '../rows/rows.js';
import type { Connection } from './connection.js';
import type { Row } from './driver.js';

/** The few rows that the session owns are looked at, no others. */
export const CANCELS = `
  SELECT seq, run, cancel FROM jobs
  WHERE session_id = ? AND state = 'processing' AND cancel IS NOT NULL`;

/** Inside of a transaction. */
export function cancelsOf(connection: Connection, session: Session): CancelledRun[] {
  return connection.sql(CANCELS).all(session.id).flatMap(toCancelledRuns);
}

/** None where nobody has asked. */
function toCancelledRuns(row: Row): CancelledRun[] {
  const cancel = toPendingCancel(row['cancel']);
  return cancel === null ? [] : [{ seq: Number(row['seq']), run: Number(row['run']), cancel }];
}
