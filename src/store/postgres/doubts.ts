/**
 * Exchanges whose connection broke before their answer: what they reported may be on the disk. The session reports it again,
 * and must not take for lost what it has recorded itself.
 */
import type { FinishedRun, RunKey, Session } from '../store.js';
import { plainArray } from './arrays.js';
import { mayHaveHappened } from './connection.js';
import type { Connection } from './connection.js';
import { inOrder } from './run-keys.js';

/** Those of the reported runs that this session has recorded; a rescue records another outcome, or another session's. */
const RECORDED = `
  SELECT r.seq, r.run, r.outcome, j.run = r.run AND j.state = 'cancelled' AS is_cancelled
  FROM unnest($2::bigint[], $3::integer[]) AS a (seq, run)
  JOIN queuectl.runs r ON r.seq = a.seq AND r.run = a.run
  LEFT JOIN queuectl.jobs j ON j.seq = r.seq
  WHERE r.session_id = $1`;

interface Recorded {
  readonly recorded: readonly RunKey[];
  readonly cancelled: readonly RunKey[];
}

const NOTHING: Recorded = { recorded: [], cancelled: [] };

export class Doubts {
  /** By session. */
  readonly #runs = new Map<number, FinishedRun[]>();

  /** Remembers what was reported where nobody knows whether it arrived. */
  async watch<T>(session: Session, finished: readonly FinishedRun[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (mayHaveHappened(error))
        this.#runs.set(session.id, [...(this.#runs.get(session.id) ?? []), ...finished]);
      throw error;
    }
  }

  /** After an exchange that was answered: which of the runs that it refused an earlier one had recorded. */
  async resolve(connection: Connection, session: Session, refused: readonly RunKey[]): Promise<Recorded> {
    const doubted = this.#runs.get(session.id) ?? [];
    const asked = inOrder(refused, doubted);
    const found = asked.length === 0 ? NOTHING : await this.#look(connection, session, doubted, asked);
    this.#runs.delete(session.id);
    return found;
  }

  async #look(
    connection: Connection,
    session: Session,
    doubted: readonly FinishedRun[],
    asked: readonly RunKey[],
  ): Promise<Recorded> {
    const rows = await connection.rows(
      RECORDED,
      session.id,
      plainArray(asked.map(({ seq }) => seq)),
      plainArray(asked.map(({ run }) => run)),
    );
    const ours = rows.filter((row) =>
      doubted.some(
        ({ seq, run, outcome }) => seq === row['seq'] && run === row['run'] && outcome === row['outcome'],
      ),
    );
    const toKey = (row: (typeof rows)[number]): RunKey => ({
      seq: Number(row['seq']),
      run: Number(row['run']),
    });
    return {
      recorded: ours.map(toKey),
      cancelled: ours.filter((row) => row['is_cancelled'] === true).map(toKey),
    };
  }
}
