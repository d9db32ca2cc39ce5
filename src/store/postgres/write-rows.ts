/** The writes of a person's change, inside of its transaction: one statement for many rows, each of which it holds. */
import type { State } from '../../job/state.js';
import { STATE_COLUMNS } from '../rows/change-plan.js';
import type { RowWrite } from '../rows/change-plan.js';
import type { Row, SqlValue } from '../rows/row.js';
import { SETTINGS_COLUMNS } from '../rows/settings-plan.js';
import { columnArray, plainArray, textArray } from './arrays.js';
import type { Transaction } from './connection.js';
import { CounterChanges } from './counters.js';
import { inParts } from './parts.js';
import { REMOVE } from './remove.js';

type RowUpdate = Exclude<RowWrite, { kind: 'removal' }>;

/** All others are text. */
const TYPES: Readonly<Record<string, string>> = {
  priority: 'integer',
  max_retries: 'integer',
  run_at: 'bigint',
  attempts: 'integer',
  crashes: 'integer',
  session_id: 'bigint',
  updated_at: 'bigint',
  finished_at: 'bigint',
};

const typeOf = (column: string): string => TYPES[column] ?? 'text';

/** No index answers IS NOT DISTINCT FROM, so that each row is found by its number, whatever is known of the table. */
const update = (columns: readonly string[]): string => `
  UPDATE queuectl.jobs j SET ${columns.map((name) => `${name} = w.${name}`).join(', ')}
  FROM unnest($1::bigint[], $2::text[], ${columns.map((name, index) => `$${3 + index}::${typeOf(name)}[]`).join(', ')})
    AS w (seq, was, ${columns.join(', ')})
  WHERE j.seq = w.seq AND j.state IS NOT DISTINCT FROM w.was
  RETURNING j.seq`;

const TO_STATE = update(STATE_COLUMNS);
const TO_SETTINGS = update(SETTINGS_COLUMNS);

const FORGET_TAGS = 'DELETE FROM queuectl.tags WHERE seq = ANY ($1::bigint[])';
const INSERT_TAGS =
  'INSERT INTO queuectl.tags (tag, seq) SELECT tag, seq FROM unnest($1::text[], $2::bigint[]) AS t (tag, seq)';

export async function writeRows(
  transaction: Pick<Transaction, 'rows'>,
  writes: readonly RowWrite[],
): Promise<void> {
  const counters = new CounterChanges();
  const removals: number[] = [];
  const updates: RowUpdate[] = [];
  for (const write of writes) {
    counters.add(write.was.queue, write.was.state, -1);
    if (write.kind === 'removal') {
      removals.push(write.was.seq);
      continue;
    }
    counters.add(String(write.row['queue']), write.row['state'] as State, 1);
    updates.push(write);
  }
  if (removals.length > 0) checkAll(removals, await transaction.rows(REMOVE, plainArray(removals)));
  for (const part of inParts(updates, sizeOf)) await updateAll(transaction, part);
  await counters.write(transaction);
}

/** What a person does is the same for all: all of them get another state, or all other settings. */
async function updateAll(transaction: Pick<Transaction, 'rows'>, part: readonly RowUpdate[]): Promise<void> {
  const isState = part[0]?.kind === 'state';
  const columns = isState ? STATE_COLUMNS : SETTINGS_COLUMNS;
  const values = columns.map((name) =>
    columnArray(
      typeOf(name),
      part.map(({ row }) => row[name] as SqlValue),
    ),
  );
  const seqs = part.map(({ was }) => was.seq);
  const states = textArray(part.map(({ was }) => was.state));
  checkAll(
    seqs,
    await transaction.rows(isState ? TO_STATE : TO_SETTINGS, plainArray(seqs), states, ...values),
  );
  await writeTags(transaction, part);
}

async function writeTags(transaction: Pick<Transaction, 'rows'>, part: readonly RowUpdate[]): Promise<void> {
  const tagged = part.flatMap((write) =>
    write.kind === 'settings' && write.tags !== null ? [{ seq: write.was.seq, tags: write.tags }] : [],
  );
  if (tagged.length === 0) return;
  await transaction.rows(FORGET_TAGS, plainArray(tagged.map(({ seq }) => seq)));
  const tags = tagged.flatMap(({ seq, tags: own }) => own.map((tag) => [tag, seq] as const));
  const [names, seqs] = [textArray(tags.map(([tag]) => tag)), plainArray(tags.map(([, seq]) => seq))];
  if (tags.length > 0) await transaction.rows(INSERT_TAGS, names, seqs);
}

function checkAll(seqs: readonly number[], written: readonly Row[]): void {
  if (written.length !== seqs.length)
    throw new Error(`${seqs.length} jobs were to be written, and ${written.length} were`);
}

/** Roughly; what takes room is text. */
function sizeOf({ kind, row }: RowUpdate): number {
  if (kind === 'state') return 200;
  return SETTINGS_COLUMNS.map((name) => row[name]).reduce<number>(
    (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
    200,
  );
}
