/** What persons did to jobs: one row for each transaction of theirs, written by whoever changed the jobs. */
import type { Act } from '../overview.js';
import type { Connection } from './connection.js';
import type { Row } from './driver.js';

const ACTS = 'SELECT act, at, kind, seqs FROM acts WHERE act > ? ORDER BY act LIMIT ?';
/** Those that are gone have no row. */
const NAMES = 'SELECT seq, id, queue FROM jobs WHERE seq IN (SELECT value FROM json_each(?))';

/** Inside of a transaction. */
export function actsAfter(
  connection: Connection,
  act: number,
  limit: number,
): { readonly acts: Act[]; readonly last: number } {
  const rows = connection.sql(ACTS).all(act, limit);
  return { acts: rows.map((row) => toAct(connection, row)), last: Number(rows.at(-1)?.['act'] ?? act) };
}

/** The last one that is not asked for: every one, or those before that time. */
export function lastActBefore(connection: Connection, atMs: number, all: boolean): number {
  const first = all ? undefined : connection.sql('SELECT min(act) AS act FROM acts WHERE at >= ?').get(atMs);
  if (typeof first?.['act'] === 'number') return first['act'] - 1;
  return Number(connection.sql('SELECT max(act) AS act FROM acts').get()?.['act'] ?? 0);
}

function toAct(connection: Connection, row: Row): Act {
  const seqs = JSON.parse(String(row['seqs'])) as number[];
  const found = new Map(
    connection
      .sql(NAMES)
      .all(String(row['seqs']))
      .map((job) => [Number(job['seq']), job]),
  );
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
  DELETE FROM acts WHERE act IN (SELECT act FROM acts WHERE at < ? ORDER BY at LIMIT ?)`;

export async function forgetActs(connection: Connection, beforeMs: number, limit: number): Promise<number> {
  return connection.write(() => connection.sql(FORGET).run(beforeMs, limit).changes);
}
