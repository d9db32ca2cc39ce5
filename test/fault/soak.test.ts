import { expect, test } from 'vitest';
import { newSeed } from './harness/random.js';
import { soak } from './soak/soak.js';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 30);

test(
  'clients, workers and a nemesis on one home break no invariant',
  { timeout: SECONDS * 1000 + 600_000 },
  async () => {
    const seed = newSeed();
    console.log(`seed ${seed}`);
    const { violations, report } = await soak({ seed, forMs: SECONDS * 1000 });
    if (violations.length > 0) console.log(report);
    expect(violations).toEqual([]);
  },
);
