/** Queues: which are paused, and what each holds. One that nobody has paused needs no row. */
import { QueueError } from '../../errors.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Pauses, QueueState } from '../store.js';
import type { Connection, Transaction } from './connection.js';
import { NOW_MS } from './now.js';

/** Stands for all queues, also those that come later. No queue can be called that. */
const ALL = '*';

/** For a queue, in a condition. The second look does not depend on it and is done once. */
export const NOT_PAUSED = (queue: string): string => `
  NOT EXISTS (SELECT 1 FROM queuectl.queues WHERE name = ${queue} AND paused_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM queuectl.queues WHERE name = '${ALL}' AND paused_at IS NOT NULL)`;

/**
 * In a claim. It locks no row, but it takes the lock of the table that a pause has to wait for, and the server takes a
 * statement's locks before its snapshot: so a claim ends before the pause, or sees it.
 */
export const HEEDS_PAUSES = `heeds_pauses AS (SELECT 1 FROM queuectl.queues WHERE false FOR KEY SHARE)`;

/** Nothing but a claim, which is short, and another pause stands in its way; a backup does not. */
const AFTER_CLAIMS = 'LOCK TABLE queuectl.queues IN EXCLUSIVE MODE';

const PAUSE = `
  INSERT INTO queuectl.queues AS q (name, paused_at) SELECT name, ${NOW_MS} FROM json_array_elements_text($1::json) AS name
  ORDER BY name
  ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(q.paused_at, excluded.paused_at)`;

export async function pauseQueues(connection: Connection, names: readonly string[] | null): Promise<void> {
  await connection.write(async (transaction) => {
    await transaction.exec(AFTER_CLAIMS);
    await transaction.rows(PAUSE, JSON.stringify([...new Set(names ?? [ALL])]));
  });
}

const RESUME = `
  UPDATE queuectl.queues SET paused_at = NULL
  WHERE paused_at IS NOT NULL AND ($1::text IS NULL OR name IN (SELECT json_array_elements_text($1::json)))`;

export async function resumeQueues(connection: Connection, names: readonly string[] | null): Promise<void> {
  await connection.write(async (transaction) => {
    await transaction.exec(AFTER_CLAIMS);
    if (names !== null && (await readPauses(transaction)).allSinceMs !== null) throw allPaused();
    await transaction.rows(RESUME, names === null ? null : JSON.stringify(names));
  });
}

function allPaused(): QueueError {
  return new QueueError('conflict', 'all queues are paused', 'to let them all go on: queuectl resume');
}

export async function pauses(connection: Connection): Promise<Pauses> {
  return readPauses(connection);
}

async function readPauses(reader: Pick<Transaction, 'rows'>): Promise<Pauses> {
  const rows = await reader.rows(
    'SELECT name, paused_at FROM queuectl.queues WHERE paused_at IS NOT NULL ORDER BY name',
  );
  const paused = rows.map((row) => ({ name: String(row['name']), sinceMs: Number(row['paused_at']) }));
  return {
    allSinceMs: paused.find(({ name }) => name === ALL)?.sinceMs ?? null,
    queues: paused.filter(({ name }) => name !== ALL),
  };
}

const COUNTS = 'SELECT queue, state, sum(n)::bigint AS n FROM queuectl.counters GROUP BY queue, state';

/** Reads the counters, however many jobs there are. */
export async function listQueues(connection: Connection): Promise<QueueState[]> {
  return connection.read(async (transaction) => {
    const found = new Map<string, Record<State, number>>();
    const none = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
    const countsOf = (name: string): Record<State, number> => {
      const counts = found.get(name) ?? { ...none };
      found.set(name, counts);
      return counts;
    };
    const { allSinceMs, queues } = await readPauses(transaction);
    for (const { name } of queues) countsOf(name);
    for (const row of await transaction.rows(COUNTS))
      countsOf(String(row['queue']))[row['state'] as State] = Number(row['n']);
    const since = new Map(queues.map(({ name, sinceMs }) => [name, sinceMs]));
    return [...found]
      .map(([name, counts]) => ({ name, pausedAtMs: since.get(name) ?? allSinceMs, counts }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  });
}
