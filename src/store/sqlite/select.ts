/** Which jobs a filter means, for what is done to many of them. */
import { statesOf } from '../../job/filter/filter.js';
import type { Selection } from '../../job/selection.js';
import type { Connection } from './connection.js';
import { inStates } from '../rows/condition.js';
import { candidatesOf, whereOf } from './where.js';
import type { Condition } from '../rows/condition.js';

/** The condition on `jobs` by which the selection is found. */
export function selectionOf({ filter, states }: Selection, now: number): Condition {
  const possible = statesOf(filter).filter((state) => states.includes(state));
  const candidates = candidatesOf(filter);
  const where = whereOf(filter, now);
  const among = candidates === null ? '' : `seq IN (${candidates.sql}) AND `;
  return {
    sql: `${among}${inStates(possible)} AND ${where.sql}`,
    values: [...(candidates?.values ?? []), ...where.values],
  };
}

/** Looks at every job that may be among them. */
export async function countJobs(connection: Connection, selection: Selection): Promise<number> {
  const { sql, values } = selectionOf(selection, Date.now());
  return connection.whenUnlocked(() =>
    Number(connection.onceSql(`SELECT count(*) AS n FROM jobs WHERE ${sql}`).get(...values)?.['n']),
  );
}

/** The numbers of the first so many of them behind this one, in order. */
export async function selectSeqs(
  connection: Connection,
  selection: Selection,
  afterSeq: number,
  limit: number,
): Promise<number[]> {
  const { sql, values } = selectionOf(selection, Date.now());
  return connection.whenUnlocked(() =>
    connection
      .onceSql(`SELECT seq FROM jobs WHERE seq > ? AND ${sql} ORDER BY seq LIMIT ?`)
      .all(afterSeq, ...values, limit)
      .map((row) => Number(row['seq'])),
  );
}
