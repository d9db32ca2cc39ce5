/**
 * The mark of a queue that moved to a server, or is about to. It is set before the server commits, so that at no moment both
 * databases can be written: triggers refuse all that changes a job, also to who opened the file before. Only the server
 * knows whether a move that was broken off there came to its end; whoever opens the file next asks it.
 */
import { QueueError } from '../../errors.js';
import type { Connection } from './connection.js';
import { movedError, movedMessage } from './moved-words.js';

export interface MoveMark {
  /** Of this one try. */
  readonly token: string;
  /** Where to, for a person: without what gives access. */
  readonly place: string;
  readonly atMs: number;
  /** The whole URL, as long as it has to be asked; null: the move is done. */
  readonly url: string | null;
}

/** Whether the queue with this id is in that database. Throws where it cannot be asked. */
export type HasArrived = (url: string, databaseId: string) => Promise<boolean>;

const IDENTITY = `SELECT key, value FROM meta WHERE key = 'database_id' OR key = 'moved_to'`;

export async function readIdentity(
  connection: Connection,
): Promise<{ readonly databaseId: string; readonly move: MoveMark | null }> {
  const rows = await connection.rows(IDENTITY);
  const of = (key: string): unknown => rows.find((row) => row['key'] === key)?.['value'];
  return { databaseId: String(of('database_id')), move: toMark(of('moved_to')) };
}

const MARK = `SELECT value FROM meta WHERE key = 'moved_to'`;

/** For who has had it open for a while. */
export async function requireNotMoved(connection: Connection): Promise<void> {
  const mark = toMark((await connection.rows(MARK))[0]?.['value']);
  if (mark !== null) throw movedError(movedMessage(mark.place));
}

/** Returns where a move was broken off before its end: the queue is here, and free to be used. Throws `store_lost`. */
export async function requireStaying(
  connection: Connection,
  databaseId: string,
  mark: MoveMark,
  hasArrived: HasArrived | undefined,
): Promise<void> {
  if (mark.url !== null && hasArrived !== undefined) {
    const isThere = await askServer(hasArrived, mark.url, databaseId, mark.place);
    await (isThere ? finishMove(connection, mark) : undoMove(connection, mark));
    if (!isThere) return;
  }
  throw movedError(movedMessage(mark.place));
}

async function askServer(
  hasArrived: HasArrived,
  url: string,
  databaseId: string,
  place: string,
): Promise<boolean> {
  try {
    return await hasArrived(url, databaseId);
  } catch (cause) {
    const why = cause instanceof QueueError ? cause.message : String(cause);
    throw new QueueError(
      'unavailable',
      `a move of this queue to ${place} was broken off, and only that database knows whether it was done: ${why}`,
      'once it can be reached, any command goes on from there',
      { cause },
    );
  }
}

const REFUSED = [
  ['jobs', 'INSERT'],
  ['jobs', 'UPDATE'],
  ['jobs', 'DELETE'],
  ['workers', 'INSERT'],
  ['queues', 'INSERT'],
  ['queues', 'UPDATE'],
] as const;

const nameOf = ([table, act]: (typeof REFUSED)[number]): string => `moved_${table}_${act.toLowerCase()}`;

/** Inside of a transaction. */
export function setMark(connection: Connection, mark: MoveMark): void {
  writeMark(connection, mark);
  const message = movedMessage(mark.place).replaceAll("'", "''");
  for (const each of REFUSED)
    connection.exec(
      `CREATE TRIGGER ${nameOf(each)} BEFORE ${each[1]} ON ${each[0]} BEGIN SELECT RAISE(ABORT, '${message}'); END`,
    );
}

function writeMark(connection: Connection, mark: MoveMark): void {
  connection
    .sql(
      `INSERT INTO meta (key, value) VALUES ('moved_to', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    )
    .run(JSON.stringify({ token: mark.token, place: mark.place, at: mark.atMs, url: mark.url }));
}

/** The server has it: what gives access to it need not stay here. */
export async function finishMove(connection: Connection, mark: MoveMark): Promise<void> {
  await ofThisTry(connection, mark, () => writeMark(connection, { ...mark, url: null }));
}

/** The server does not have it, and never will have it by this try. */
export async function undoMove(connection: Connection, mark: MoveMark): Promise<void> {
  await ofThisTry(connection, mark, () => {
    connection.sql(`DELETE FROM meta WHERE key = 'moved_to'`).run();
    for (const each of REFUSED) connection.exec(`DROP TRIGGER ${nameOf(each)}`);
  });
}

/** Several may ask the server at once; another try may have begun since. */
async function ofThisTry(connection: Connection, { token }: MoveMark, change: () => void): Promise<void> {
  await connection.write(() => {
    const found = toMark(connection.sql(MARK).get()?.['value']);
    if (found?.token === token && found.url !== null) change();
  });
}

function toMark(text: unknown): MoveMark | null {
  if (typeof text !== 'string') return null;
  const { token, place, at, url } = JSON.parse(text) as StoredMark;
  return { token, place, atMs: at, url };
}

interface StoredMark {
  readonly token: string;
  readonly place: string;
  readonly at: number;
  readonly url: string | null;
}
