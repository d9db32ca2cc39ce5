import { parseArgs } from 'node:util';
import { newSeed } from '../harness/random.js';
import { soak } from './soak.js';

/** `--minutes N`, `--seed S`; the exit code. */
export async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } },
  });
  const seed = Number(values.seed ?? newSeed());
  console.log(`seed ${seed}`);
  const { violations, report } = await soak({ seed, forMs: Number(values.minutes) * 60_000 });
  console.log(report);
  return violations.length > 0 ? 1 : 0;
}
