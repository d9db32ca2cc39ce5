/** Names of workers: no two that live have the same. Of a dead one it is free, though its row may still be there. */
import { QueueError } from '../../errors.js';
import type { Connection } from './connection.js';
import type { SessionRow } from './session-rows.js';

/** Of several, at most one lives; the others were killed and wait for their rescue. */
const NAMED = `SELECT * FROM workers WHERE kind = 'worker' AND name = ?`;

type IsLiving = (row: SessionRow) => boolean;

/**
 * The wanted name, or the first of w1, w2, … that is free. Under the write lock, so that nobody else takes it. Throws
 * `conflict` where a living worker has the wanted one.
 */
export function takeName(connection: Connection, wanted: string | undefined, isLiving: IsLiving): string {
  if (wanted === undefined) return freeName(connection, isLiving);
  const holder = holderOf(connection, wanted, isLiving);
  if (holder === undefined) return wanted;
  throw new QueueError(
    'conflict',
    `a worker named ${wanted} runs already (pid ${holder.pid} on ${holder.host})`,
    `another --name, or first: queuectl worker stop ${wanted} --wait`,
  );
}

function freeName(connection: Connection, isLiving: IsLiving): string {
  for (let n = 1; ; n += 1) {
    const name = `w${n}`;
    if (holderOf(connection, name, isLiving) === undefined) return name;
  }
}

function holderOf(connection: Connection, name: string, isLiving: IsLiving): SessionRow | undefined {
  const rows = connection.sql(NAMED).all(name) as unknown as SessionRow[];
  return rows.find(isLiving);
}
