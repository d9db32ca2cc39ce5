import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';
import manifest from './package.json' with { type: 'json' };

/** They take a minute and more, however short the files are: the longest first. */
const LONG = ['crash-rounds', 'failpoints', 'hosts', 'soak', 'bulk-kill', 'exactly-once'];

/**
 * A fresh checkout knows no durations, and Vitest then goes by the size of the files. The long runs are small files:
 * they came last, and the machine idled while the last of them went on alone.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return index === -1 ? LONG.length : index;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- Vitest's method, not an array's.
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/**
 * Folders whose tests keep everything in processes of their own or are pure. Their files share a test process, which
 * spares each a start of Node, of Vitest and of what it imports; all others set or open something in theirs.
 */
const SHARED = ['cli', 'e2e', 'job', 'output'];

const onPostgres = process.env['QUEUECTL_TEST_STORE'] === 'postgres';

export default defineConfig({
  define: { __FAILPOINTS__: 'true', __VERSION__: JSON.stringify(manifest.version) },
  test: {
    pool: 'forks',
    // The tests start real processes and wait for conditions, on machines with two busy cores; a server is busy, too.
    maxWorkers: onPostgres ? 3 : 4,
    // Longer than a condition is waited for (test/support/processes.ts), so that what hangs is named.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    retry: 0,
    sequence: { sequencer: LongestFirst },
    // Of a run on PostgreSQL (docs/testing.md): its server, and what it skips.
    ...(onPostgres && {
      globalSetup: ['test/support/database-pool.ts'],
      setupFiles: ['test/support/skip-only-sqlite.ts'],
    }),
    // By include alone: what --exclude leaves out is not heard by a project with an exclude of its own.
    projects: [
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['test/*.test.ts', `test/!(${SHARED.join('|')})/**/*.test.ts`],
        },
      },
      {
        extends: true,
        test: { name: 'shared', include: [`test/{${SHARED.join(',')}}/**/*.test.ts`], isolate: false },
      },
    ],
  },
});
