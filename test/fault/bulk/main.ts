/** The same with as many lines as one likes, and its figures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeDatabase } from '../../support/test-database.js';
import { newSeed, Random } from '../harness/random.js';
import { runBulkKill } from './bulk-kill.js';

/** `LINES KILLS SEED`; the exit code: 1 where a line is not stored exactly once. */
export async function main(args: readonly string[]): Promise<number> {
  const [lines = 1_000_000, kills = 12, seed = newSeed()] = args.map(Number);
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-bulk-'));
  try {
    console.log(`${lines} lines, ${kills} kills, seed ${seed}`);
    const cli = join(process.cwd(), 'bin', 'queuectl.cjs');
    const database = takeDatabase()?.url ?? null;
    const random = new Random(seed);
    const figures = await runBulkKill({ cli, directory, database, lines, kills, random });
    const { kills: killed, rows, distinctIds, wrong, pendingCounter, damage, seconds } = figures;
    console.log(
      `${killed.length} kills, stored after each: ${killed.map(({ stored }) => stored).join(', ')}`,
    );
    console.log(
      `rows ${rows}, ids ${distinctIds}, wrong ${wrong}, counted ${pendingCounter}, damage ${damage.join('; ') || 'none'}`,
    );
    const isRight =
      [rows, distinctIds, pendingCounter].every((n) => n === lines) &&
      wrong === 0 &&
      damage.length === 0 &&
      killed.every(({ acknowledged, stored }) => stored >= acknowledged);
    console.log(`${isRight ? 'every line exactly once' : 'VIOLATED'}, after ${seconds.toFixed(1)} s`);
    return isRight ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
