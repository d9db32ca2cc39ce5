// Clients, workers and a seeded nemesis on one queue: npm run soak -- [--minutes N] [--seed S]
// Prints a report; exits 1 where an invariant was violated.
import { runEntry } from '../test/fault/run-entry.mjs';

await runEntry('soak/main.ts');
