// Three hosts in network namespaces, a server in a fourth, and two seeded nemeses; as root of Linux:
// npm run hosts-soak -- [--minutes N] [--seed S] [--lease 10s] [--long 60]
// Prints a report; exits 1 where an invariant was violated.
import { runEntry } from '../test/fault/run-entry.mjs';

await runEntry('hosts/main.ts');
