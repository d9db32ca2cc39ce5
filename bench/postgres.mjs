// P8: queues in PostgreSQL, all of them on one server in one run, in turn.
// node bench/postgres.mjs [--quick] [--only=core|exchange|drain|pickup] [JOBS] [ROUNDS] [URL]
// Without a URL the script starts a server of its own, with fsync and synchronous_commit on.
import { pathToFileURL } from 'node:url';
import { machine } from './measure.mjs';
import { measurePostgresCore } from './postgres-core.mjs';
import { measurePostgresDrain } from './postgres-drain.mjs';
import { measurePostgresExchange } from './postgres-exchange.mjs';
import { measurePostgresPickup } from './postgres-pickup.mjs';
import { startServer } from './postgres-server.mjs';
import { requireBuild } from './queuectl.mjs';
import { formatTable } from './table.mjs';

const FULL = { jobs: 20_000, rounds: 5, drainJobs: 1000, pickups: 200 };
const QUICK = { jobs: 4000, rounds: 1, drainJobs: 200, pickups: 20 };

/**
 * Nothing where there is no server.
 *
 * @param {{ url?: string | undefined, jobs?: number, rounds?: number, drainJobs?: number, pickups?: number, only?: string | undefined }} [options]
 * @returns {Promise<import('./alone.mjs').Result[]>}
 */
export async function measurePostgres(options = {}) {
  const { url, jobs, rounds, drainJobs, pickups, only } = { ...FULL, ...options };
  const server = await startServer(url);
  if (server === null) return [];
  const parts = {
    core: () => measurePostgresCore(server, jobs, rounds),
    exchange: () => measurePostgresExchange(server, jobs, rounds),
    drain: () => measurePostgresDrain(server, drainJobs, rounds),
    pickup: () => measurePostgresPickup(server, pickups),
  };
  try {
    const results = [];
    for (const [name, measure] of Object.entries(parts))
      if (only === undefined || only === name) results.push(await measure());
    return results;
  } finally {
    await server.stop();
  }
}

async function main() {
  requireBuild();
  const words = process.argv.slice(2);
  const [jobs, rounds] = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const results = await measurePostgres({
    ...(words.includes('--quick') ? QUICK : FULL),
    ...(jobs !== undefined && { jobs }),
    ...(rounds !== undefined && { rounds }),
    url: words.find((word) => word.startsWith('postgres')),
    only: words.find((word) => word.startsWith('--only='))?.slice('--only='.length),
  });
  console.log(machine());
  for (const { title, head, rows } of results) console.log(`\n${title}\n\n${formatTable(head, rows)}`);
  console.log(`\n${results.map(({ summary }) => summary).join('\n')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
