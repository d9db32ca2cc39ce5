/** The order in which each state is listed: that of the index that holds it, in both stores. Each `?` stands for one value. */
import type { JobCursor } from '../../job/cursor.js';
import type { State } from '../../job/state.js';
import type { SqlValue } from './row.js';

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

export const LIST_ORDERS: Readonly<Record<State, Order>> = {
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
