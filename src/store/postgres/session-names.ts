/** Names of workers: no two that live have the same. Of a dead one it is free, though its row may still be there. */
import { QueueError } from '../../errors.js';
import type { Transaction } from './connection.js';
import { TAKE_LOCK } from './locks.js';
import { SESSION_COLUMNS } from './session-rows.js';
import type { SessionRow } from './session-rows.js';

/** Of several, at most one lives; the others were killed and wait for their rescue. */
const NAMED = `SELECT ${SESSION_COLUMNS} FROM queuectl.workers WHERE kind = 'worker' AND name = $1`;

type IsLiving = (row: SessionRow) => boolean;

/**
 * The wanted name, or the first of w1, w2, … that is free. Under a lock, so that nobody else takes it. Throws
 * `conflict` where a living worker has the wanted one.
 */
export async function takeName(
  transaction: Transaction,
  wanted: string | undefined,
  isLiving: IsLiving,
): Promise<string> {
  await transaction.exec(TAKE_LOCK.workerName);
  if (wanted === undefined) return freeName(transaction, isLiving);
  const holder = await holderOf(transaction, wanted, isLiving);
  if (holder === undefined) return wanted;
  throw new QueueError(
    'conflict',
    `a worker named ${wanted} runs already (pid ${holder.pid} on ${holder.host})`,
    `another --name, or first: queuectl worker stop ${wanted} --wait`,
  );
}

async function freeName(transaction: Transaction, isLiving: IsLiving): Promise<string> {
  for (let n = 1; ; n += 1) {
    const name = `w${n}`;
    if ((await holderOf(transaction, name, isLiving)) === undefined) return name;
  }
}

async function holderOf(
  transaction: Transaction,
  name: string,
  isLiving: IsLiving,
): Promise<SessionRow | undefined> {
  const rows = (await transaction.rows(NAMED, name)) as unknown as SessionRow[];
  return rows.find(isLiving);
}
