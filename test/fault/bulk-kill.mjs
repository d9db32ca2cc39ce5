// Bulk enqueue under kill -9: node test/fault/bulk-kill.mjs [LINES] [KILLS] [SEED]
import { runEntry } from './run-entry.mjs';

await runEntry('bulk/main.ts');
