/** A log that is open for reading, whatever holds it: records or plain text, in a file or in memory. */

import type { OutputRecord } from './records.js';

/** Where reading can begin or go on. */
export interface Place {
  readonly offset: number;
  /** Where the gap between the two halves of a capped log is written, once it was met. */
  readonly cutAt: number | null;
  /** How many bytes that gap said are missing, and how many of the second half were passed since then. */
  readonly missingBytes: number;
  readonly bytesSince: number;
}

export const START: Place = { offset: 0, cutAt: null, missingBytes: 0, bytesSince: 0 };

export interface OpenLog {
  place: Place;
  /** From this place on, up to an offset, or to the end as it is now. */
  read(until?: number): AsyncGenerator<OutputRecord, void, undefined>;
  /** Moves to the first record of that time or later, with the gaps before it. False: there is none, or times are unknown. */
  goToTime(timeUs: number): Promise<boolean>;
  /** Moves to the end. Places that were passed, the first one where it began: few, however long the log is. */
  goToEnd(): Promise<readonly Place[]>;
}
