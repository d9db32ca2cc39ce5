/** What goes wrong in a soak: a seeded choice of faults, one after the other, each of them undone in the end. */
import { execFile } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { uptimeS } from '../harness/clock.js';
import type { World } from '../harness/world.js';
import type { Fleet } from './fleet.js';
import { holdLock, terminateConnections } from './store-faults.js';

const run = promisify(execFile);

export interface NemesisOptions {
  readonly world: World;
  readonly fleet: Fleet;
  /** The home has a small file system of its own. */
  readonly canFillDisk: boolean;
  readonly isOver: () => boolean;
}

/** Returns once the last fault is undone. */
export async function playNemesis({ world, fleet, canFillDisk, isOver }: NemesisOptions): Promise<void> {
  const faults = [
    ...Array.from({ length: 5 }, () => killWorker),
    ...Array.from({ length: 2 }, () => stopWorker),
    killLauncher,
    holdLock,
    ...(world.database === null ? [] : [terminateConnections]),
    ...(canFillDisk ? [fillDisk] : []),
    ...(fleet.canSetClocks ? [setClock, setClock] : []),
  ];
  while (!isOver()) {
    fleet.fillUp(world.random.between(2, 4));
    await delay(world.random.between(100, 2500));
    await world.random.pick(faults)(world, fleet);
  }
}

type FaultMaker = (world: World, fleet: Fleet) => Promise<void>;

const killWorker: FaultMaker = async ({ random }, fleet) => {
  const victims = random.chance(0.2) ? fleet.living : fleet.living.slice(0, 1);
  await Promise.all(victims.map(({ worker }) => worker.kill()));
};

const killLauncher: FaultMaker = async (_world, fleet) => fleet.living[0]?.worker.killLauncher();

const stopWorker: FaultMaker = async (world, fleet) => {
  const [member] = fleet.living;
  if (member === undefined) return;
  const startS = uptimeS();
  member.worker.signal('SIGSTOP');
  await delay(world.random.between(1000, 10_000));
  member.worker.signal('SIGCONT');
  world.addFault('stop', startS, member.worker.pid);
};

const fillDisk: FaultMaker = async (world) => {
  const startS = uptimeS();
  const filler = join(world.disk, 'filler');
  const { bavail, bsize } = statfsSync(world.disk);
  // The last page may be taken by somebody else: then the disk is as full as it should be.
  await run('fallocate', ['-l', String(Math.max(1, bavail - 1) * bsize), filler]).catch(() => undefined);
  await delay(world.random.between(500, 5000));
  rmSync(filler, { force: true });
  world.addFault('disk_full', startS);
};

/** Far enough to mislead, and near enough that a job which is put off by it still runs before the soak ends. */
const FARTHEST_S = 20;

const setClock: FaultMaker = async (world, fleet) => {
  const member = fleet.living.find(({ clockFile }) => clockFile !== null);
  if (member === undefined || member.clockFile === null) return;
  const startS = uptimeS();
  const offsetS = world.random.between(-FARTHEST_S, FARTHEST_S);
  writeFileSync(member.clockFile, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
  await delay(world.random.between(1500, 5000));
  writeFileSync(member.clockFile, '+0\n');
  // The process looks at the file once a second.
  await delay(1500);
  world.addFault('clock', startS, member.worker.pid);
};
