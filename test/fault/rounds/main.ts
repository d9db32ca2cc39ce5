import { parseArgs } from 'node:util';
import { percentiles } from '../soak/figures.js';
import { newSeed } from '../harness/random.js';
import { crashRounds } from './crash-rounds.js';

/** `--rounds N`, `--minutes M`, `--seed S`; the exit code. */
export async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { rounds: { type: 'string' }, minutes: { type: 'string' }, seed: { type: 'string' } },
  });
  const seed = Number(values.seed ?? newSeed());
  const rounds = Number(values.rounds ?? (values.minutes === undefined ? 1000 : Infinity));
  const forMs = Number(values.minutes ?? Infinity) * 60_000;
  console.log(`seed ${seed}`);
  const result = await crashRounds({ seed, rounds, forMs, say: (line) => console.log(line) });
  console.log(`recovery after a kill: ${percentiles(result.recoveryS)}`);
  console.log(
    `${result.rounds} rounds, ${result.violations.length} violations${result.violations.length > 0 ? `; again with --seed ${seed}` : ''}`,
  );
  return result.violations.length > 0 ? 1 : 0;
}
