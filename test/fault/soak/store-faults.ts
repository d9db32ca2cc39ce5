/** What goes wrong with the store itself, whichever it is. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { uptimeS } from '../harness/clock.js';
import { withDatabase } from '../../support/database.js';
import { projectRoot } from '../harness/world.js';
import type { World } from '../harness/world.js';

const run = promisify(execFile);

/** Somebody else keeps every writer waiting. */
export async function holdLock(world: World): Promise<void> {
  const startS = uptimeS();
  const forMs = world.random.between(500, 6000);
  if (world.database === null) await holdFile(join(world.home, 'queue.db'), forMs);
  else
    await withDatabase(world, async ({ rows }) => {
      await rows('LOCK TABLE jobs IN EXCLUSIVE MODE');
      await delay(forMs);
    });
  world.addFault('lock', startS);
}

/** By another process: it must not share a descriptor of the file with this one. */
async function holdFile(file: string, forMs: number): Promise<void> {
  const program = join(projectRoot(), 'test', 'fault', 'soak', 'lock-holder.mjs');
  await run(process.execPath, [program, file, String(forMs)]);
}

const TERMINATE = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'queuectl%' ORDER BY random() LIMIT 1`;

/** Ends connections to the server, of workers and of clients, one after the other. */
export async function terminateConnections(world: World): Promise<void> {
  for (let count = world.random.between(3, 12); count > 0; count--) {
    const startS = uptimeS();
    await withDatabase(world, ({ rows }) => rows(TERMINATE));
    world.addFault('terminate', startS);
    await delay(world.random.between(0, 300));
  }
}
