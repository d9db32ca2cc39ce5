/** Whether the database is what it should be. Each of these reads much, and none of it is done by anybody but `doctor`. */
import { FINAL_STATES } from '../../job/state.js';
import type { State } from '../../job/state.js';
import type { WrongCounter } from '../overview.js';
import { Connection } from './connection.js';
import { MIGRATIONS } from './migrations.js';
import { latestEnd } from './changes.js';

const MOST_DAMAGES = 20;

export interface SchemaFound {
  readonly found: number;
  readonly known: number;
  readonly sqlite: string;
}

/** Of a database that is not opened otherwise: to open the store would migrate it. Throws as a store does. */
export async function schemaOf(path: string, lockTimeoutMs: number): Promise<SchemaFound> {
  const connection = new Connection(path, lockTimeoutMs);
  try {
    const [row] = await connection.rows(
      'SELECT sqlite_version() AS sqlite, user_version FROM pragma_user_version',
    );
    const [found, sqlite] = [Number(row?.['user_version']), String(row?.['sqlite'])];
    return { found, known: MIGRATIONS.length, sqlite };
  } finally {
    connection.close();
  }
}

export async function damages(connection: Connection, whole: boolean): Promise<string[]> {
  const check = whole ? 'integrity_check' : 'quick_check';
  const rows = await connection.rows(`PRAGMA ${check}(${MOST_DAMAGES})`);
  return rows.map((row) => String(row[check])).filter((text) => text !== 'ok');
}

const COUNTED = `SELECT queue, state, n FROM counters`;
const STORED = 'SELECT queue, state, count(*) AS n FROM jobs WHERE TRUE GROUP BY queue, state';

export async function wrongCounters(connection: Connection): Promise<WrongCounter[]> {
  return connection.read(() => {
    const read = (sql: string): Map<string, number> =>
      new Map(
        connection
          .sql(sql)
          .all()
          .map((row) => [`${String(row['queue'])} ${String(row['state'])}`, Number(row['n'])]),
      );
    const [counters, jobs] = [read(COUNTED), read(STORED)];
    return [...new Set([...counters.keys(), ...jobs.keys()])].toSorted().flatMap((key) => {
      const [counted, stored] = [counters.get(key) ?? 0, jobs.get(key) ?? 0];
      const [queue = '', state = ''] = key.split(' ');
      return counted === stored ? [] : [{ queue, state: state as State, counted, stored }];
    });
  });
}

export async function mendCounters(connection: Connection): Promise<void> {
  await connection.write(() => {
    connection.exec(`UPDATE counters SET n = 0; INSERT INTO counters (queue, state, n) ${STORED}
      ON CONFLICT (queue, state) DO UPDATE SET n = excluded.n`);
  });
}

/** By the indexes, and by the key of the last job. */
export async function newestTimeMs(connection: Connection): Promise<number | null> {
  return connection.read(() => {
    const times = [
      'SELECT created_at AS at FROM jobs WHERE seq = (SELECT max(seq) FROM jobs)',
      'SELECT max(heartbeat) AS at FROM workers',
      'SELECT max(at) AS at FROM acts',
      ...FINAL_STATES.map(latestEnd),
    ].map((sql) => connection.sql(sql).get()?.['at']);
    const found = times.filter((at) => typeof at === 'number');
    return found.length === 0 ? null : Math.max(...found);
  });
}
