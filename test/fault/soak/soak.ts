/** Jepsen's queue test on us: clients, workers and a nemesis on one home; then it heals, drains, and is checked. */
import { setTimeout as delay } from 'node:timers/promises';
import { checkAll } from '../checkers/check-all.js';
import type { Evidence, Violation } from '../checkers/evidence.js';
import { enqueue } from '../harness/client.js';
import { drain } from '../harness/drain.js';
import { World } from '../harness/world.js';
import { playClient } from './clients.js';
import { Fleet } from './fleet.js';
import { playNemesis } from './nemesis.js';
import { report } from './report.js';

export interface SoakOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly clients?: number;
}

export interface SoakResult {
  readonly violations: readonly Violation[];
  readonly report: string;
}

const DISK_BYTES = 256 << 20;
const SAMPLE_MS = 1000;
const RECOVERY_S = 60;
/** A full disk may have put jobs off for up to a minute. */
const DRAIN_MS = 400_000;

export async function soak({ seed, forMs, clients = 3 }: SoakOptions): Promise<SoakResult> {
  const world = new World({ seed, tmpfsBytes: DISK_BYTES });
  try {
    const fleet = new Fleet(world);
    const skipped = [
      ...(world.hasOwnDisk ? [] : ['disk full: no small file system could be mounted']),
      ...(fleet.canSetClocks ? [] : ['clock: libfaketime is not installed']),
    ];
    const evidence = await play(world, fleet, forMs, clients);
    const violations = checkAll(evidence, { bootS: world.bootS, recoveryBoundS: RECOVERY_S });
    return { violations, report: report({ seed, forMs, evidence, violations, bootS: world.bootS, skipped }) };
  } finally {
    world.remove();
  }
}

async function play(world: World, fleet: Fleet, forMs: number, clients: number): Promise<Evidence> {
  const endAt = performance.now() + forMs;
  const isOver = (): boolean => performance.now() >= endAt;
  await enqueue(world, world.askFor('ok'));
  await Promise.all([
    ...Array.from({ length: clients }, () => playClient(world, isOver)),
    playNemesis({ world, fleet, canFillDisk: world.hasOwnDisk, isOver }),
    sampleUntil(fleet, isOver),
  ]);
  const living = fleet.living.map(({ worker }) => worker);
  const evidence = await drain(world, living, DRAIN_MS);
  return { ...evidence, stuck: evidence.stuck ?? fleet.unexpectedEnds()[0] ?? null };
}

async function sampleUntil(fleet: Fleet, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    fleet.sample();
    await delay(SAMPLE_MS);
  }
}
