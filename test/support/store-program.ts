/** A process beside the test: `store-program <mode> <JSON options>`. It speaks in lines of JSON and ends with its input. */
import { join } from 'node:path';
import type { JsonValue } from '../../src/job/job.js';
import { listen } from '../../src/log.js';
import { Queue } from '../../src/queue.js';
import { thisProcess } from '../../src/launcher/process-identity.js';
import { openDatabase } from '../../src/store/sqlite/driver.js';
import { openStore } from '../../src/store/open-store.js';
import type { HandlerJob } from '../../src/worker/handlers.js';
import { Worker } from '../../src/worker/worker.js';

interface Options {
  readonly home: string;
  readonly lockTimeoutMs?: number;
  /** Become this user before anything else. */
  readonly uid?: number;
  /** `session`: how many jobs to claim. `worker`: its slots. */
  readonly count?: number;
  readonly kind?: 'worker' | 'run';
  /** `session`: whose jobs it takes; '' stands for commands. */
  readonly handlers?: readonly string[];
  readonly launcherLock?: string | null;
  /** `handler`: what it does with its job. */
  readonly does?: 'die' | 'return';
  /** `lock`: DEFERRED, IMMEDIATE or EXCLUSIVE. */
  readonly begin?: string;
  readonly untilEmpty?: boolean;
  readonly leaseMs?: number;
}

function say(words: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

const untilTold = (): Promise<void> =>
  new Promise((resolve) => process.stdin.once('end', () => resolve()).resume());

const MODES: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  /** Opens the store, and says how that went. */
  async open({ home, lockTimeoutMs = 20_000 }) {
    const store = await openStore(home, { lockTimeoutMs });
    const jobs = Object.values(await store.counts()).reduce((sum, n) => sum + n, 0);
    await store.close();
    say({ ok: true, jobs });
  },

  /** Opens a session, claims, and lives on with what it has. */
  async session({ home, count = 0, kind = 'worker', handlers = [''], launcherLock = null, leaseMs }) {
    const store = await openStore(home, { lockTimeoutMs: 20_000, leaseMs });
    const session = await store.openSession({
      ...thisProcess(),
      kind,
      slots: 1,
      queues: null,
      handlers,
      launcherLock,
    });
    const { claims } = await store.exchange(session, { running: [], finished: [], free: count });
    say({ id: session.id, claims: claims.map((job) => job.id) });
    await untilTold();
    await store.closeSession(session);
    await store.close();
  },

  /** Holds the database locked. */
  async lock({ home, begin = 'IMMEDIATE' }) {
    const database = openDatabase(join(home, 'queue.db'), 5000);
    database.exec(`BEGIN ${begin}`);
    say({ locked: true });
    await untilTold();
    database.exec('COMMIT');
    database.close();
  },

  /** Says each ring of the bell. */
  async bell({ home }) {
    const store = await openStore(home, { lockTimeoutMs: 20_000 });
    const over = new AbortController();
    store.bell.onRing(() => say({ rang: true }), over.signal);
    say({ watching: true });
    await untilTold();
    over.abort();
    await store.close();
  },

  /** Runs a worker, and says each of its events. */
  async worker({ home, count = 1, untilEmpty = false }) {
    const store = await openStore(home, { lockTimeoutMs: Infinity });
    listen((event) => say({ ...event }));
    const worker = new Worker(new Queue(store), { slots: count, untilEmpty });
    void untilTold().then(() => worker.stop('gracefully'));
    await worker.run();
    await store.close();
    process.stdin.destroy();
  },
  /** Runs the jobs of the handler `task`, and says which. `die`: the program is killed by the first deadly one; the others wait. */
  async handler({ home, count = 1, does = 'return' }) {
    const store = await openStore(home, { lockTimeoutMs: Infinity });
    const task = async ({ id, run, payload }: HandlerJob<JsonValue>): Promise<string> => {
      say({ id, run });
      if (does === 'die' && payload === 'deadly') process.kill(process.pid, 'SIGKILL');
      if (does === 'die') await untilTold();
      return `run ${run}`;
    };
    const worker = new Worker(new Queue(store), { slots: count, commands: false, handlers: { task } });
    void untilTold().then(() => worker.stop('gracefully'));
    await worker.run();
    await store.close();
    process.stdin.destroy();
  },
};

async function main(): Promise<void> {
  const options = JSON.parse(process.argv[3] ?? '{}') as Options;
  if (options.uid !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(options.uid);
    process.setuid?.(options.uid);
  }
  try {
    await MODES[process.argv[2] ?? '']?.(options);
  } catch (error) {
    const { name, message } = error as Error;
    const { code, hint } = error as { code?: string; hint?: string };
    say({ ok: false, error: name, code, message, hint });
    process.stdin.destroy();
  }
}

void main();
