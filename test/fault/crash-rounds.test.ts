import { expect, test } from 'vitest';
import { crashRounds } from './rounds/crash-rounds.js';
import { newSeed } from './harness/random.js';

/** As many rounds as fit: `CRASH_ROUNDS_SECONDS` gives them more. */
const SECONDS = Number(process.env['CRASH_ROUNDS_SECONDS'] ?? 60);

test(
  'kill -9 at random moments and steps: nothing acknowledged is lost, nothing overlaps, is left or is stuck',
  async () => {
    const seed = newSeed();
    console.log(`seed ${seed}`);
    const result = await crashRounds({
      seed,
      rounds: Infinity,
      forMs: SECONDS * 1000,
      say: (line) => console.log(line),
    });
    expect(result.violations).toEqual([]);
  },
  SECONDS * 1000 + 600_000,
);
