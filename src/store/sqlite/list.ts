/** Lists of jobs: each state in the order of the index that holds it, page by page, without a sort. */
import type { JobCursor } from '../../job/cursor.js';
import type { Job } from '../../job/job.js';
import { EVERY_JOB, statesOf } from '../../job/filter/filter.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { ListRequest, Sort } from '../../job/selection.js';
import type { Connection } from './connection.js';
import type { Row, SqlValue } from './driver.js';
import { LIST_ORDERS } from '../rows/list-order.js';
import { toJob } from '../rows/rows.js';
import { inStates } from '../rows/condition.js';
import { candidatesOf, whereOf } from './where.js';
import type { Condition } from '../rows/condition.js';

/** The states in the order of their list, each in its own order, up to the limit in all. */
export async function listJobs(connection: Connection, request: ListRequest): Promise<Job[]> {
  const { states = STATES, queue, filter = EVERY_JOB, limit, after } = request;
  const among = candidatesOf(filter);
  if (among !== null || request.sort !== undefined) return listSorted(connection, request, among);
  const possible = statesOf(filter);
  const condition = filter === EVERY_JOB ? undefined : whereOf(filter, Date.now());
  // What stands before the cursor's own state was on the pages before.
  const rest = after === undefined ? states : states.slice(states.indexOf(after.state));
  return connection.read(() => {
    const rows: Row[] = [];
    for (const state of rest) {
      if (!possible.includes(state)) continue;
      const cursor = after?.state === state ? after : undefined;
      for (const { sql, values } of pageOf(state, queue, cursor, condition)) {
        const most = Math.min(limit - rows.length, stored(connection, state, queue));
        const statement = condition === undefined ? connection.sql(sql) : connection.onceSql(sql);
        if (most > 0) rows.push(...statement.all(...values, most));
      }
    }
    return rows.map(toJob);
  });
}

/** The statements of one state, to be asked one after the other with the number of rows that are still wanted. */
export function pageOf(
  state: State,
  queue: string | undefined,
  cursor: JobCursor | undefined,
  condition?: Condition,
): { readonly sql: string; readonly values: readonly SqlValue[] }[] {
  const order = LIST_ORDERS[state];
  const ofIndex = order.where === undefined ? '' : `${order.where} AND `;
  const ranges = cursor === undefined ? [{ where: 'TRUE', values: [] }] : order.after(cursor);
  const ofFilter = condition === undefined ? '' : ` AND ${condition.sql}`;
  const [ofQueue, name] = queue === undefined ? ['', []] : ['queue = ? AND ', [queue]];
  return ranges.map(({ where, values }) => ({
    // The state stands in the text: a bound parameter loses the partial index.
    sql: `SELECT * FROM jobs WHERE state = '${state}' AND ${ofIndex}${ofQueue}${where}${ofFilter} ORDER BY ${order.by} LIMIT ?`,
    values: [...name, ...values, ...(condition?.values ?? [])],
  }));
}

/** A queue's few jobs among many of others are looked for until all are found, and those of a queue without any not at all. */
function stored(connection: Connection, state: State, queue: string | undefined): number {
  if (queue === undefined) return Infinity;
  const row = connection.sql('SELECT n FROM counters WHERE queue = ? AND state = ?').get(queue, state);
  return Number(row?.['n'] ?? 0);
}

/** By number where nothing else was asked: jobs that were named, or that have a tag, are few. */
const BY_NUMBER: Sort = { by: 'seq', descending: false };

async function listSorted(
  connection: Connection,
  { states = STATES, queue, filter = EVERY_JOB, sort = BY_NUMBER, limit, after }: ListRequest,
  among: Condition | null,
): Promise<Job[]> {
  const where = whereOf(filter, Date.now());
  const parts: Condition[] = [
    ...(among === null ? [] : [{ sql: `seq IN (${among.sql})`, values: among.values }]),
    { sql: inStates(states), values: [] },
    ...(queue === undefined ? [] : [{ sql: 'queue = ?', values: [queue] }]),
    ...(after === undefined ? [] : [{ sql: 'seq > ?', values: [after.seq] }]),
    where,
  ];
  const direction = sort.descending ? 'DESC' : 'ASC';
  // The column is one of the words of a type, never a person's.
  const sql = `SELECT * FROM jobs WHERE ${parts.map((part) => part.sql).join(' AND ')}
    ORDER BY ${sort.by} ${direction} NULLS LAST, seq ${direction} LIMIT ?`;
  const values = parts.flatMap((part) => part.values);
  return connection.whenUnlocked(() =>
    connection
      .onceSql(sql)
      .all(...values, limit)
      .map(toJob),
  );
}
