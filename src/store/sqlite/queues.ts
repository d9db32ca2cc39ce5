/** Queues: which are paused, and what each holds. One that nobody has paused needs no row. */
import { QueueError } from '../../errors.js';
import { STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { Pauses, QueueState } from '../store.js';
import type { Connection } from './connection.js';

/** Stands for all queues, also those that come later. No queue can be called that. */
const ALL = '*';

/** For the `queue` at hand, in a condition. The second look does not depend on it and is done once. */
export const NOT_PAUSED = `
  NOT EXISTS (SELECT 1 FROM queues WHERE name = queue AND paused_at IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM queues WHERE name = '${ALL}' AND paused_at IS NOT NULL)`;

/** A claim comes before it or after it: both hold the write lock. */
const PAUSE = `
  INSERT INTO queues (name, paused_at) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(paused_at, excluded.paused_at)`;

export async function pauseQueues(connection: Connection, names: readonly string[] | null): Promise<void> {
  await connection.write(() => {
    const now = Date.now();
    for (const name of names ?? [ALL]) connection.sql(PAUSE).run(name, now);
  });
}

export async function resumeQueues(connection: Connection, names: readonly string[] | null): Promise<void> {
  await connection.write(() => {
    if (names === null) {
      connection.sql('UPDATE queues SET paused_at = NULL WHERE paused_at IS NOT NULL').run();
      return;
    }
    if (readPauses(connection).allSinceMs !== null) throw allPaused();
    for (const name of names) connection.sql('UPDATE queues SET paused_at = NULL WHERE name = ?').run(name);
  });
}

function allPaused(): QueueError {
  return new QueueError('conflict', 'all queues are paused', 'to let them all go on: queuectl resume');
}

export async function pauses(connection: Connection): Promise<Pauses> {
  return connection.whenUnlocked(() => readPauses(connection));
}

function readPauses(connection: Connection): Pauses {
  const rows = connection
    .sql('SELECT name, paused_at FROM queues WHERE paused_at IS NOT NULL ORDER BY name')
    .all()
    .map((row) => ({ name: String(row['name']), sinceMs: Number(row['paused_at']) }));
  return {
    allSinceMs: rows.find(({ name }) => name === ALL)?.sinceMs ?? null,
    queues: rows.filter(({ name }) => name !== ALL),
  };
}

/** Reads the counters, however many jobs there are. */
export async function listQueues(connection: Connection): Promise<QueueState[]> {
  return connection.read(() => {
    const found = new Map<string, Record<State, number>>();
    const none = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
    const countsOf = (name: string): Record<State, number> => {
      const counts = found.get(name) ?? { ...none };
      found.set(name, counts);
      return counts;
    };
    const { allSinceMs, queues } = readPauses(connection);
    for (const { name } of queues) countsOf(name);
    for (const row of connection.sql('SELECT queue, state, n FROM counters').all())
      countsOf(String(row['queue']))[row['state'] as State] = Number(row['n']);
    const since = new Map(queues.map(({ name, sinceMs }) => [name, sinceMs]));
    return [...found]
      .map(([name, counts]) => ({ name, pausedAtMs: since.get(name) ?? allSinceMs, counts }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  });
}
