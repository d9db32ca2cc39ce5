/** What persons did to jobs: one row for each transaction of theirs, written by whoever changed the jobs. */
import type { Row } from '../rows/row.js';
import type { Act } from '../overview.js';
import { plainArray } from './arrays.js';
import type { Connection, Transaction } from './connection.js';

const ACTS = 'SELECT act, at, kind, seqs FROM queuectl.acts WHERE act > $1 ORDER BY act LIMIT $2';
/** Those that are gone have no row. */
const NAMES = 'SELECT seq, id, queue FROM queuectl.jobs WHERE seq = ANY ($1::bigint[])';

export async function actsAfter(
  transaction: Transaction,
  act: number,
  limit: number,
): Promise<{ readonly acts: Act[]; readonly last: number }> {
  const rows = await transaction.rows(ACTS, act, limit);
  const acts: Act[] = [];
  for (const row of rows) acts.push(await toAct(transaction, row));
  return { acts, last: Number(rows.at(-1)?.['act'] ?? act) };
}

const FIRST_SINCE = 'SELECT min(act) AS act FROM queuectl.acts WHERE at >= $1';
const LAST = 'SELECT coalesce(max(act), 0) AS act FROM queuectl.acts';

/** The last one that is not asked for: every one, or those before that time. */
export async function lastActBefore(transaction: Transaction, atMs: number, all: boolean): Promise<number> {
  const [first] = all ? [] : await transaction.rows(FIRST_SINCE, atMs);
  if (typeof first?.['act'] === 'number') return first['act'] - 1;
  const [last] = await transaction.rows(LAST);
  return Number(last?.['act']);
}

async function toAct(transaction: Transaction, row: Row): Promise<Act> {
  const seqs = JSON.parse(String(row['seqs'])) as number[];
  const rows = await transaction.rows(NAMES, plainArray(seqs));
  const found = new Map(rows.map((job) => [Number(job['seq']), job]));
  const jobs = seqs.map((seq) => {
    const job = found.get(seq);
    return {
      seq,
      id: typeof job?.['id'] === 'string' ? job['id'] : String(seq),
      queue: job === undefined ? null : String(job['queue']),
    };
  });
  return { atMs: Number(row['at']), kind: String(row['kind']), jobs };
}

const FORGET = `
  DELETE FROM queuectl.acts WHERE act = ANY (ARRAY(SELECT act FROM queuectl.acts WHERE at < $1 ORDER BY at LIMIT $2))
  RETURNING act`;

export async function forgetActs(connection: Connection, beforeMs: number, limit: number): Promise<number> {
  return (await connection.change(FORGET, beforeMs, limit)).length;
}
