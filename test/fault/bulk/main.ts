/** The same with as many lines as one likes, and its figures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSeed, Random } from '../harness/random.js';
import { runBulkKill } from './bulk-kill.js';

/** `LINES KILLS SEED`; the exit code: 1 where a line is not stored exactly once. */
export async function main(args: readonly string[]): Promise<number> {
  const [lines = 1_000_000, kills = 12, seed = newSeed()] = args.map(Number);
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-bulk-'));
  try {
    console.log(`${lines} lines, ${kills} kills, seed ${seed}`);
    const cli = join(process.cwd(), 'bin', 'queuectl.cjs');
    const figures = await runBulkKill({ cli, directory, lines, kills, random: new Random(seed) });
    const { kills: killed, rows, distinctIds, wrong, pendingCounter, integrity, seconds } = figures;
    console.log(
      `${killed.length} kills, stored after each: ${killed.map(({ stored }) => stored).join(', ')}`,
    );
    console.log(
      `rows ${rows}, ids ${distinctIds}, wrong ${wrong}, counted ${pendingCounter}, integrity ${integrity}`,
    );
    const isRight =
      [rows, distinctIds, pendingCounter].every((n) => n === lines) &&
      wrong === 0 &&
      integrity === 'ok' &&
      killed.every(({ acknowledged, stored }) => stored >= acknowledged);
    console.log(`${isRight ? 'every line exactly once' : 'VIOLATED'}, after ${seconds.toFixed(1)} s`);
    return isRight ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
