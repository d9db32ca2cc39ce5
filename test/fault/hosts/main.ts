import { parseArgs } from 'node:util';
import { noServerOfOurs } from '../../support/postgres.js';
import { newSeed } from '../harness/random.js';
import { hostsSoak } from './hosts-soak.js';
import { whyNoNamespaces } from './namespaces.js';

/** `--minutes N`, `--seed S`, `--lease 10s`, `--long 60` (seconds of the long faults); the exit code. */
export async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string' },
      lease: { type: 'string', default: '10s' },
      long: { type: 'string', default: '60' },
    },
  });
  const why = noServerOfOurs ?? whyNoNamespaces();
  if (why !== undefined) {
    console.error(`error: ${why}`);
    return 5;
  }
  const seed = Number(values.seed ?? newSeed());
  console.log(`seed ${seed}`);
  const { violations, report } = await hostsSoak({
    seed,
    forMs: Number(values.minutes) * 60_000,
    lease: values.lease,
    longMs: Number(values.long) * 1000,
  });
  console.log(report);
  return violations.length > 0 ? 1 : 0;
}
