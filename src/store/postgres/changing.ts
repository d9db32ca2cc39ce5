import type { Transaction } from './connection.js';
import type { CounterChanges } from './counters.js';

/** What a person's change of one job needs beside it. */
export interface Changing {
  readonly transaction: Transaction;
  readonly counters: CounterChanges;
  readonly now: number;
}
