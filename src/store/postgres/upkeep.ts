/** What keeps the tables small beside what autovacuum does. */
import type { Connection } from './connection.js';
import { rollUpCounters } from './counters.js';

const ROLL_UP_EVERY_MS = 60_000;

export interface Upkeep {
  /** Called again and again; does nothing nearly always. Never throws: trouble of the server is met by whoever works. */
  round(): Promise<void>;
}

export function createUpkeep(connection: Connection): Upkeep {
  let nextAt = performance.now() + Math.random() * ROLL_UP_EVERY_MS;
  return {
    round: async () => {
      if (performance.now() < nextAt) return;
      nextAt = performance.now() + ROLL_UP_EVERY_MS;
      try {
        await rollUpCounters(connection);
      } catch {
        // The next round tries again.
      }
    },
  };
}
