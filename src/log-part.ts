/** A part of what a run printed, as stores that several machines share keep it; a log is cut between records. */
export interface LogPart {
  /** Where it begins in the log. */
  readonly at: number;
  /** None: the log ends here. */
  readonly bytes: Uint8Array;
  /** The latest time of its records. */
  readonly lastUs: number;
  /** How much was printed since the gap of a log that outgrew its cap; before the gap 0. */
  readonly printed: number;
  /** It is that gap, and reading goes on there: what lies between is dropped. */
  readonly resumeAt: number | null;
}
