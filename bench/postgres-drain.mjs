// P1 on PostgreSQL: shell jobs `true`, two at a time, beside the same jobs in SQLite. See postgres.mjs.
import { inNewDirectory } from './child.mjs';
import { inTurnAsync, median, pairwise } from './measure.mjs';
import { inNewDatabase } from './postgres-server.mjs';
import { drain, DURABILITY, enqueueTrue } from './queuectl.mjs';

const GOAL = 0.9;

/** @param {import('./postgres-server.mjs').Server} server @param {number} jobs @param {number} rounds */
export async function measurePostgresDrain(server, jobs, rounds) {
  /** @param {string} [url] */
  const drained = (url) =>
    inNewDirectory((home) => {
      enqueueTrue(home, jobs, url);
      return drain(home, jobs, url);
    });
  const times = await inTurnAsync(
    {
      sqlite: async () => drained(),
      postgres: () => inNewDatabase(server, async (url) => drained(url)),
    },
    { rounds },
  );
  const [sqlite, postgres] = [times['sqlite'] ?? [], times['postgres'] ?? []];
  const rate = (/** @type {readonly number[]} */ ms) => ((jobs / median(ms)) * 1000).toFixed(0);
  const { median: ratio, range } = pairwise(sqlite, postgres, (a, b) => a / b);
  return {
    title: `P1 on PostgreSQL, ${jobs} jobs \`true\`, two at a time, median of ${rounds} rounds (${DURABILITY})`,
    head: ['', 'jobs/s', 'of SQLite'],
    rows: [
      ['in SQLite', rate(sqlite), '1'],
      ['in PostgreSQL', rate(postgres), `${ratio.toFixed(2)} (${range})`],
    ],
    summary: `P8 drain: ${ratio.toFixed(2)} of SQLite (goal: ${GOAL})`,
  };
}
