/** "queu" in ASCII: the numbers of other programs' locks begin otherwise. */
const OURS = 0x71756575;

/** What one process at a time does; held until the transaction ends. */
export const TAKE_LOCK = {
  migration: `SELECT pg_advisory_xact_lock(${OURS}, 1)`,
  workerName: `SELECT pg_advisory_xact_lock(${OURS}, 3)`,
  pruneRound: `SELECT pg_advisory_xact_lock(${OURS}, 2)`,
  move: `SELECT pg_advisory_xact_lock(${OURS}, 7)`,
} as const;
