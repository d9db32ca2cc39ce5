/**
 * With `QUEUECTL_TEST_STORE=postgres` the suites run on PostgreSQL: one server for the whole run, and a database of its own
 * for each home. Vitest's main process keeps a few ready, as files in a directory; a test takes one by renaming its file,
 * without waiting for a server's answer, and says by another file when it is to be dropped.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { noPostgres, query, startServer } from './postgres.js';
import { waitUntil } from './processes.js';
import { BINARY, poolDirectory } from './test-database.js';

const READY = 12;
const REST_MS = 5;

/** Vitest calls it before all tests, and what it returns after them; once for each project, of which the first does it. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['QUEUECTL_TEST_STORE'] !== 'postgres' || poolDirectory() !== null) return undefined;
  if (noPostgres !== undefined) throw new Error(noPostgres);
  const server = await startServer();
  const pool = mkdtempSync(join(tmpdir(), 'queuectl-pool-'));
  for (const name of ['ready', 'taken', 'over']) mkdirSync(join(pool, name));
  const template = await server.createDatabase();
  execFileSync(process.execPath, [BINARY, 'status'], {
    env: { PATH: process.env['PATH'], QUEUECTL_HOME: join(pool, 'home'), QUEUECTL_DATABASE_URL: template },
  });
  const at = new URL(template);
  process.env['QUEUECTL_TEST_POOL'] = pool;
  process.env['QUEUECTL_TEST_POOL_SERVER'] = new URL('/', at).href;
  const over = new AbortController();
  const filling = fill(pool, at, over.signal);
  // Who takes one waits without giving way, and may be this very process.
  await waitUntil(() => readdirSync(join(pool, 'ready')).length > 0, { what: 'a database to be ready' });
  return async () => {
    over.abort();
    await filling;
    await server.stop();
    rmSync(pool, { recursive: true, force: true });
  };
}

async function fill(pool: string, template: URL, over: AbortSignal): Promise<void> {
  const server = new URL('/postgres', template).href;
  for (let made = 0; !over.aborted;) {
    const [dropped] = readdirSync(join(pool, 'over'));
    if (readdirSync(join(pool, 'ready')).length < READY) {
      made += 1;
      await makeOne(pool, template, `pool_${process.pid}_${made}`);
    } else if (dropped === undefined) await delay(REST_MS);
    else {
      await query(server, `DROP DATABASE ${dropped} WITH (FORCE)`);
      rmSync(join(pool, 'over', dropped));
    }
  }
}

async function makeOne(pool: string, template: URL, name: string): Promise<void> {
  await query(
    new URL('/postgres', template).href,
    `CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`,
  );
  // A copy has the id of what it was copied from.
  await query(
    new URL(`/${name}`, template).href,
    `UPDATE queuectl.meta SET value = 'pg-' || substr(md5('${name}'), 1, 16) WHERE key = 'database_id'`,
  );
  const draft = join(pool, name);
  writeFileSync(draft, '');
  if (existsSync(pool)) renameSync(draft, join(pool, 'ready', name));
}
