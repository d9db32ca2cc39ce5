/** The writes of a person's change, inside of its transaction. */
import type { State } from '../../job/state.js';
import { STATE_COLUMNS } from '../rows/change-plan.js';
import type { RowWrite } from '../rows/change-plan.js';
import type { Row, SqlValue } from '../rows/row.js';
import { SETTINGS_COLUMNS } from '../rows/settings-plan.js';
import type { Connection } from './connection.js';
import { CounterChanges } from './counters.js';
import { removeRow } from './remove.js';
import { deleteTags, insertTags } from './tags.js';

const update = (columns: readonly string[]): string =>
  `UPDATE jobs SET (${columns.join(', ')}) = (${columns.map(() => '?').join(', ')}) WHERE seq = ? AND state = ?`;

const TO_STATE = update(STATE_COLUMNS);
const TO_SETTINGS = update(SETTINGS_COLUMNS);

export function writeRows(connection: Connection, writes: readonly RowWrite[]): void {
  const counters = new CounterChanges();
  for (const write of writes) {
    counters.add(write.was.queue, write.was.state, -1);
    if (write.kind === 'removal') {
      removeRow(connection, write.was.seq);
      continue;
    }
    const { was, row, kind } = write;
    const [text, columns] = kind === 'state' ? [TO_STATE, STATE_COLUMNS] : [TO_SETTINGS, SETTINGS_COLUMNS];
    const { changes } = connection.sql(text).run(...valuesOf(row, columns), was.seq, was.state);
    if (changes !== 1) throw new Error(`job ${was.id} changed under the write lock`);
    if (kind === 'settings' && write.tags !== null) {
      deleteTags(connection, was.seq);
      insertTags(
        connection,
        write.tags.map((tag) => [tag, was.seq]),
      );
    }
    counters.add(String(row['queue']), row['state'] as State, 1);
  }
  counters.write(connection);
}

function valuesOf(row: Row, columns: readonly string[]): SqlValue[] {
  return columns.map((name) => row[name] as SqlValue);
}
