/**
 * What runs print, in a store that several machines share: logs (output/records.ts) in parts, which begin and end with a
 * record. Each is written by the machine that runs the job alone, and read by all.
 */

import type { LogPart } from '../log-part.js';

export interface LogOf {
  readonly seq: number;
  readonly run: number;
}

export interface NewLogPart extends LogOf, LogPart {}

/** `whole`: all of it is here. `coming`: its worker lives. `left`: its worker is gone, and has sent no more. */
export type LogProgress = 'whole' | 'coming' | 'left';

export interface LogStore {
  /**
   * Each takes the place of what began within it. Resolves once they are on the disk, to the numbers of those jobs that are
   * gone: of them nothing is kept. May be repeated.
   */
  putParts(parts: readonly NewLogPart[]): Promise<number[]>;
  /** The part in which this offset lies and those behind it, at most `most`, and the one that begins at `cutAt`, at one moment. */
  readParts(
    log: LogOf,
    offset: number,
    cutAt: number | null,
    most: number,
  ): Promise<{ readonly parts: readonly LogPart[]; readonly cut: LogPart | null }>;
  /** All of them, without their bytes, in order; of a log that is longer than any screen the last hundred thousand. */
  listParts(log: LogOf): Promise<readonly Omit<LogPart, 'bytes'>[]>;
  progressOf(log: LogOf): Promise<LogProgress>;
  /** Removes what was put of these logs. */
  forgetLogs(logs: readonly LogOf[]): Promise<void>;
  /** Of these logs those that nobody writes or sends any more, and that are not whole. */
  leftBehind(logs: readonly LogOf[]): Promise<LogOf[]>;
}
