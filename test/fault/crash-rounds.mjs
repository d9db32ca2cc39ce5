// Rounds of kill -9: node test/fault/crash-rounds.mjs [--rounds 1000] [--minutes M] [--seed S]
import { runEntry } from './run-entry.mjs';

await runEntry('rounds/main.ts');
