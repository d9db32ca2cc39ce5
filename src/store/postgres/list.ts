/** Lists of jobs: each state in the order of the index that holds it, page by page, without a sort. */
import type { JobCursor } from '../../job/cursor.js';
import type { Job } from '../../job/job.js';
import { EVERY_JOB, statesOf } from '../../job/filter/filter.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { ListRequest, Sort } from '../../job/selection.js';
import type { Row, SqlValue } from '../rows/row.js';
import { LIST_ORDERS } from '../rows/list-order.js';
import { toJob } from '../rows/rows.js';
import type { Connection, Transaction } from './connection.js';
import { inStates } from '../rows/condition.js';
import { candidatesOf, numbered, whereOf } from './where.js';
import type { Condition } from '../rows/condition.js';

/** The states in the order of their list, each in its own order, up to the limit in all. */
export async function listJobs(connection: Connection, request: ListRequest): Promise<Job[]> {
  const { states = STATES, queue, filter = EVERY_JOB, limit, after } = request;
  const among = candidatesOf(filter);
  if (among !== null || request.sort !== undefined) return listSorted(connection, request, among);
  const possible = statesOf(filter);
  const condition = filter === EVERY_JOB ? undefined : whereOf(filter);
  // What stands before the cursor's own state was on the pages before.
  const rest = after === undefined ? states : states.slice(states.indexOf(after.state));
  return connection.read(async (transaction) => {
    const rows: Row[] = [];
    for (const state of rest) {
      if (!possible.includes(state)) continue;
      const cursor = after?.state === state ? after : undefined;
      for (const { sql, values } of pageOf(state, queue, cursor, condition)) {
        const left = limit - rows.length;
        const most = left > 0 ? Math.min(left, await stored(transaction, state, queue)) : 0;
        if (most === 0) continue;
        const how = condition === undefined ? 'rows' : 'once';
        rows.push(...(await transaction[how](sql, ...values, most)));
      }
    }
    return rows.map(toJob);
  });
}

/** The statements of one state, to be asked one after the other with the number of rows that are still wanted. */
function pageOf(
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
    sql: numbered(
      `SELECT * FROM queuectl.jobs WHERE state = '${state}' AND ${ofIndex}${ofQueue}${where}${ofFilter} ORDER BY ${order.by} LIMIT ?`,
    ),
    values: [...name, ...values, ...(condition?.values ?? [])],
  }));
}

const STORED =
  'SELECT coalesce(sum(n), 0)::bigint AS n FROM queuectl.counters WHERE queue = $1 AND state = $2';

/** A queue's few jobs among many of others are looked for until all are found, and those of a queue without any not at all. */
async function stored(transaction: Transaction, state: State, queue: string | undefined): Promise<number> {
  if (queue === undefined) return Infinity;
  const [row] = await transaction.rows(STORED, queue, state);
  return Number(row?.['n'] ?? 0);
}

/** By number where nothing else was asked: jobs that were named, or that have a tag, are few. */
const BY_NUMBER: Sort = { by: 'seq', descending: false };

async function listSorted(
  connection: Connection,
  { states = STATES, queue, filter = EVERY_JOB, sort = BY_NUMBER, limit, after }: ListRequest,
  among: Condition | null,
): Promise<Job[]> {
  const where = whereOf(filter);
  const parts: Condition[] = [
    ...(among === null ? [] : [{ sql: `seq IN (${among.sql})`, values: among.values }]),
    { sql: inStates(states), values: [] },
    ...(queue === undefined ? [] : [{ sql: 'queue = ?', values: [queue] }]),
    ...(after === undefined ? [] : [{ sql: 'seq > ?::bigint', values: [after.seq] }]),
    where,
  ];
  const direction = sort.descending ? 'DESC' : 'ASC';
  // The column is one of the words of a type, never a person's.
  const sql = `SELECT * FROM queuectl.jobs WHERE ${parts.map((part) => part.sql).join(' AND ')}
    ORDER BY ${sort.by} ${direction} NULLS LAST, seq ${direction} LIMIT ?`;
  const values = parts.flatMap((part) => part.values);
  return (await connection.once(numbered(sql), ...values, limit)).map(toJob);
}
