/** Clients of a soak: each does one thing after the other, as chance will have it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobKind } from '../checkers/evidence.js';
import { ask, cancel, enqueue, enqueueBulk, retryDead } from '../harness/client.js';
import type { Fate } from '../harness/client.js';
import { withDatabase } from '../../support/database.js';
import type { World } from '../harness/world.js';

const KINDS: readonly JobKind[] = [
  'ok',
  'ok',
  'ok',
  'nap',
  'nap',
  'long',
  'fail',
  'flaky',
  'print',
  'stubborn',
  'family',
  'runaway',
  'clinger',
];
/** Beyond that, clients only look: the queue must drain in the end. */
const MOST_UNFINISHED = 150;
const RIVALS = 4;

export async function playClient(world: World, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await delay(world.random.between(0, 500));
    await act(world, world.random.next());
  }
}

async function act(world: World, choice: number): Promise<void> {
  const { random } = world;
  if (choice < 0.1) await ask(world, 'list', fate(world));
  else if (choice < 0.2) await ask(world, 'status', fate(world));
  else if (choice < 0.3) await retrySomething(world);
  else if (choice < 0.35) await cancelSomething(world);
  else if ((await unfinished(world)) > MOST_UNFINISHED) await delay(500);
  else if (choice < 0.4) await enqueueMany(world);
  else if (choice < 0.5) await race(world);
  else {
    const id = random.chance(0.3) ? `job-${random.between(1, 1_000_000_000)}` : null;
    await enqueue(world, world.askFor(random.pick(KINDS), id), fate(world));
  }
}

/** A hundred lines, most of them short jobs. */
async function enqueueMany(world: World): Promise<void> {
  const jobs = Array.from({ length: 100 }, () =>
    world.askFor(world.random.chance(0.9) ? 'ok' : world.random.pick(KINDS)),
  );
  await enqueueBulk(world, jobs, fate(world));
}

/** Several processes bring the same id at once. */
async function race(world: World): Promise<void> {
  const id = `race-${world.random.between(1, 1_000_000_000)}`;
  await Promise.all(Array.from({ length: RIVALS }, () => enqueue(world, world.askFor('ok', id))));
}

async function retrySomething(world: World): Promise<void> {
  const id = await pickId(
    world,
    `SELECT coalesce(id, CAST(seq AS text)) AS id FROM jobs WHERE state = 'dead' ORDER BY random() LIMIT 1`,
  );
  if (id !== undefined) await retryDead(world, [id], fate(world));
}

async function cancelSomething(world: World): Promise<void> {
  const id = await pickId(
    world,
    `SELECT coalesce(id, CAST(seq AS text)) AS id FROM jobs WHERE state NOT IN ('completed', 'dead', 'cancelled') ORDER BY random() LIMIT 1`,
  );
  if (id !== undefined) await cancel(world, [id], fate(world));
}

async function unfinished(world: World): Promise<number> {
  return Number(
    (await pickId(
      world,
      `SELECT count(*) AS id FROM jobs WHERE state NOT IN ('completed', 'dead', 'cancelled')`,
    )) ?? 0,
  );
}

async function pickId(world: World, sql: string): Promise<string | undefined> {
  try {
    const [row] = await withDatabase(world, ({ rows }) => rows(sql));
    return row === undefined ? undefined : String(row['id']);
  } catch {
    return undefined; // The disk is full.
  }
}

/** One call in ten is killed. */
function fate({ random }: World): Fate {
  return random.chance(0.1) ? { killAfterMs: random.between(20, 400) } : {};
}
