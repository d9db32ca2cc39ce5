// P4 on PostgreSQL: from an enqueue to the first instruction of its handler, in an idle worker of another process.
// See postgres.mjs. Both from the call of the enqueue on, and from its acknowledgement on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { environment, inNewDirectoryAsync } from './child.mjs';
import { percentile } from './measure.mjs';
import { findNpmPeer } from './npm-peers.mjs';

const WARM_UP = 5;
/** pg-boss looks twice a second: it says as much in fewer rounds. */
const BOSS_EVERY = 10;
/** The worker is idle again before the next job comes. */
const REST_MS = 30;

/** @typedef {{ enqueue: () => Promise<unknown>, close: () => Promise<unknown> }} Producer */

const now = () => performance.timeOrigin + performance.now();

/** @param {string} script @param {string} folder @param {string} url @param {string} home */
function startWorker(script, folder, url, home) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const env = { ...environment, QUEUECTL_HOME: home };
  const child = spawn(process.execPath, [path, folder, url], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => String((await lines.next()).value),
    stop: async () => {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}

/** @type {Record<string, (folder: string, url: string) => Promise<Producer>>} */
const PRODUCERS = {
  queuectl: async (_, url) => {
    const { openQueue } = await import(new URL('../dist/index.js', import.meta.url).href);
    const queue = await openQueue(url);
    return { enqueue: () => queue.enqueue({ handler: 'tell' }), close: () => queue.close() };
  },
  'graphile-worker': async (folder, url) => {
    const { Logger, makeWorkerUtils } = createRequire(join(folder, 'package.json'))('graphile-worker');
    const logger = new Logger(() => () => undefined);
    const utils = await makeWorkerUtils({ connectionString: url, logger });
    await utils.migrate();
    return { enqueue: () => utils.addJob('tell', {}), close: () => utils.release() };
  },
  'pg-boss': async (folder, url) => {
    const PgBoss = createRequire(join(folder, 'package.json'))('pg-boss');
    const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
    boss.on('error', () => undefined);
    await boss.start();
    await boss.createQueue('tell');
    return { enqueue: () => boss.send('tell', {}), close: () => boss.stop({ graceful: false }) };
  },
};

/** @param {import('./postgres-server.mjs').Server} server @param {string} name @param {string} folder @param {string} home */
async function openSide(server, name, folder, home) {
  const url = await server.createDatabase();
  const producer = await PRODUCERS[name]?.(folder, url);
  if (producer === undefined) throw new Error(`no producer for ${name}`);
  const worker = startWorker(`pickup-${name}.mjs`, folder, url, home);
  await worker.next();
  /** @type {number[]} */
  const fromCall = [];
  /** @type {number[]} */
  const fromCommit = [];
  return {
    name,
    fromCall,
    fromCommit,
    once: async (/** @type {boolean} */ counts) => {
      await sleep(REST_MS);
      const called = now();
      await producer.enqueue();
      const stored = now();
      const started = Number(await worker.next());
      if (!counts) return;
      fromCall.push(started - called);
      fromCommit.push(started - stored);
    },
    close: async () => {
      await worker.stop();
      await producer.close();
      await server.dropDatabase(url);
    },
  };
}

/** @param {import('./postgres-server.mjs').Server} server @param {number} rounds */
async function measureInTurn(server, rounds) {
  return inNewDirectoryAsync(async (home) => {
    process.env['QUEUECTL_HOME'] = home;
    const sides = [await openSide(server, 'queuectl', '-', home)];
    for (const name of /** @type {const} */ (['graphile-worker', 'pg-boss'])) {
      const folder = findNpmPeer(name);
      if (folder !== null) sides.push(await openSide(server, name, folder, home));
    }
    for (let round = -WARM_UP; round < rounds; round++)
      for (const side of sides)
        if (side.name !== 'pg-boss' || round % BOSS_EVERY === 0) await side.once(round >= 0);
    for (const side of sides) await side.close();
    return sides;
  });
}

/** @param {import('./postgres-server.mjs').Server} server @param {number} rounds */
export async function measurePostgresPickup(server, rounds) {
  const rows = [];
  const parts = [];
  for (const { name, fromCall, fromCommit } of await measureInTurn(server, rounds)) {
    const figures = [fromCall, fromCommit].flatMap((ms) => [
      percentile(ms, 0.5).toFixed(1),
      percentile(ms, 0.99).toFixed(1),
    ]);
    rows.push([name, ...figures]);
    parts.push(`${name} ${figures[0]} ms, ${figures[1]} ms`);
  }
  return {
    title: `P4 on PostgreSQL ${server.version}, from an enqueue to the start of its handler in an idle worker of another process, ${rounds} rounds`,
    head: ['', 'from the call, p50 ms', 'p99 ms', 'from the acknowledgement, p50 ms', 'p99 ms'],
    rows,
    summary: `P8 pickup, p50 and p99 from the call on: ${parts.join('; ')} (goal: under graphile-worker's)`,
  };
}
