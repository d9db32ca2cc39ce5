/** How a run is reported that the lease of its worker ended, or kept from starting. */
import type { Exit } from './launcher.js';

export const ENDED_BY_LEASE = 'ended before the lease of its worker ran out';

export function leaseOver(): Exit {
  return { cause: 'lease_over', exitCode: null, signal: null, message: 'the lease of its worker is over' };
}
