/** Lists of jobs: each state in the order of the index that holds it, page by page, without a sort. */
import type { JobCursor } from '../../job/cursor.js';
import type { Job } from '../../job/job.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Row, SqlValue } from '../rows/row.js';
import { toJob } from '../rows/rows.js';
import type { JobFilter } from '../store.js';
import type { Connection, Transaction } from './connection.js';

/** A part of an index, in its own order. */
interface Range {
  readonly where: string;
  readonly values: readonly SqlValue[];
}

interface Order {
  /** What the index asks for where that does not follow from the state. */
  readonly where?: string;
  readonly by: string;
  /** What lies behind the cursor: range after range, so that each can begin in the middle of the index. */
  readonly after: (cursor: JobCursor) => readonly Range[];
}

const WAITING: Order = {
  by: 'run_at, seq',
  after: ({ atMs, seq }) => [
    { where: 'run_at = ? AND seq > ?', values: [atMs, seq] },
    { where: 'run_at > ?', values: [atMs] },
  ],
};
const ENDED: Order = {
  by: 'finished_at DESC, seq DESC',
  after: ({ atMs, seq }) => [
    { where: 'finished_at = ? AND seq < ?', values: [atMs, seq] },
    { where: 'finished_at < ?', values: [atMs] },
  ],
};
const PUT_ASIDE: Order = {
  by: 'seq DESC',
  after: ({ seq }) => [{ where: 'seq < ?', values: [seq] }],
};
const PENDING: Order = {
  by: 'queue, handler, priority DESC, run_at, seq',
  after: ({ queue, handler, priority, atMs, seq }) => [
    {
      where: 'queue = ? AND handler = ? AND priority = ? AND run_at = ? AND seq > ?',
      values: [queue, handler, priority, atMs, seq],
    },
    {
      where: 'queue = ? AND handler = ? AND priority = ? AND run_at > ?',
      values: [queue, handler, priority, atMs],
    },
    { where: 'queue = ? AND handler = ? AND priority < ?', values: [queue, handler, priority] },
    { where: 'queue = ? AND handler > ?', values: [queue, handler] },
    { where: 'queue > ?', values: [queue] },
  ],
};
/** The few that run are sorted: no index holds them by their start. */
const PROCESSING: Order = {
  where: 'session_id IS NOT NULL',
  by: 'started_at DESC, seq DESC',
  after: ({ atMs, seq }) => [{ where: '(started_at, seq) < (?, ?)', values: [atMs, seq] }],
};

const ORDERS: Readonly<Record<State, Order>> = {
  scheduled: WAITING,
  pending: PENDING,
  processing: PROCESSING,
  failed: WAITING,
  blocked: PUT_ASIDE,
  held: PUT_ASIDE,
  completed: ENDED,
  dead: ENDED,
  cancelled: ENDED,
};

/** The states in the order of their list, each in its own order, up to the limit in all. */
export async function listJobs(
  connection: Connection,
  { states = STATES, queue, limit, after }: JobFilter,
): Promise<Job[]> {
  // What stands before the cursor's own state was on the pages before.
  const rest = after === undefined ? states : states.slice(states.indexOf(after.state));
  return connection.read(async (transaction) => {
    const rows: Row[] = [];
    for (const state of rest) {
      const cursor = after?.state === state ? after : undefined;
      for (const { sql, values } of pageOf(state, queue, cursor)) {
        const left = limit - rows.length;
        const most = left > 0 ? Math.min(left, await stored(transaction, state, queue)) : 0;
        if (most > 0) rows.push(...(await transaction.rows(sql, ...values, most)));
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
): { readonly sql: string; readonly values: readonly SqlValue[] }[] {
  const order = ORDERS[state];
  const ofIndex = order.where === undefined ? '' : `${order.where} AND `;
  const ranges = cursor === undefined ? [{ where: 'TRUE', values: [] }] : order.after(cursor);
  const [ofQueue, name] = queue === undefined ? ['', []] : ['queue = ? AND ', [queue]];
  return ranges.map(({ where, values }) => ({
    // The state stands in the text: a bound parameter loses the partial index.
    sql: numbered(
      `SELECT * FROM queuectl.jobs WHERE state = '${state}' AND ${ofIndex}${ofQueue}${where} ORDER BY ${order.by} LIMIT ?`,
    ),
    values: [...name, ...values],
  }));
}

/** Each `?` as `$1`, `$2` … in its turn. */
function numbered(sql: string): string {
  let parameter = 0;
  return sql.replaceAll('?', () => `$${(parameter += 1)}`);
}

const STORED =
  'SELECT coalesce(sum(n), 0)::bigint AS n FROM queuectl.counters WHERE queue = $1 AND state = $2';

/** A queue's few jobs among many of others are looked for until all are found, and those of a queue without any not at all. */
async function stored(transaction: Transaction, state: State, queue: string | undefined): Promise<number> {
  if (queue === undefined) return Infinity;
  const [row] = await transaction.rows(STORED, queue, state);
  return Number(row?.['n'] ?? 0);
}
