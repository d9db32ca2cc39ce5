import type { ErrorCode } from '../errors.js';

/** How a command exits for each kind of error. Scripts branch on these: they never change. */
export const EXIT_CODES = {
  failed: 1,
  internal: 1,
  usage: 2,
  not_found: 3,
  conflict: 4,
  unavailable: 5,
  store_lost: 5,
  not_permitted: 6,
  partial: 7,
  timed_out: 124,
} as const satisfies Record<ErrorCode, number>;

/** `run` stands in for the job's own exit code, so that an error of ours needs one that jobs hardly use. */
export const RUN_FAILED = 125;
