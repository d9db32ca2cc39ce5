/** Old jobs are removed by a command, and by workers. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { changeDatabase } from '../support/database.js';

const DAY_MS = 86_400_000;

/** Two completed jobs and a dead one, which ended this long ago, and one that waits. */
async function withOldJobs(days: number): Promise<Cli> {
  const cli = createCli();
  const over = ['true', 'true', 'false'].map((command) => ({ command, max_retries: 0 }));
  await cli.enqueueAll(over);
  await cli.drain();
  await cli.enqueueAll([{ command: 'true', id: 'waits' }]);
  await changeDatabase(
    cli,
    `UPDATE jobs SET finished_at = finished_at - ${days * DAY_MS} WHERE finished_at IS NOT NULL`,
    // The worker above has begun the round of this hour.
    `DELETE FROM meta WHERE key = 'prune_round'`,
  );
  return cli;
}

test('prune counts, asks for consent, removes what is old enough, and says how many', async () => {
  const cli = await withOldJobs(40);
  expect(await cli.ok('prune', '--older-than', '30d', '--dry-run')).toBe('2 jobs would be removed.\n');
  expect(await cli.json('prune', '--older-than', '41d', '--dry-run')).toEqual({ jobs: 0, dry_run: true });
  const { code, stderr } = await cli.run(['prune', '--older-than', '30d']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'error: this would remove 2 jobs for good\nhint: to do it, add --yes; to count only, --dry-run\n',
  });
  expect(await cli.json('status')).toMatchObject({ jobs: { completed: 2, dead: 1, pending: 1 } });
  expect(await cli.ok('prune', '--yes')).toBe('2 jobs removed.\n');
  expect(await cli.json('prune', '--older-than', '30d', '--state', 'dead', '--yes')).toEqual({
    jobs: 1,
    dry_run: false,
  });
  expect(await cli.json('status')).toMatchObject({ jobs: { completed: 0, dead: 0, pending: 1 } });
  expect(await cli.ok('prune')).toBe('0 jobs removed.\n');
});

test('prune refuses states that are not over and a state without an age, and removes nothing', async () => {
  const cli = await withOldJobs(40);
  for (const [words, error] of [
    [['--older-than', '1d', '--state', 'pending'], 'only jobs that are over can be pruned, not pending ones'],
    [['--older-than', '1d', '--state', 'all'], 'only jobs that are over can be pruned, not scheduled ones'],
    [['--state', 'dead'], '--state needs --older-than'],
    [['--older-than', 'soon'], '--older-than must be a duration, not "soon"'],
  ] as const) {
    const { code, stdout, stderr } = await cli.run(['prune', '--yes', ...words]);
    expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
    expect(stderr).toContain(error);
  }
  expect(await cli.json('status')).toMatchObject({ jobs: { completed: 2, dead: 1, pending: 1 } });
});

test('a worker removes completed jobs after 30 days and keeps dead ones, unless the settings say otherwise', async () => {
  const cli = await withOldJobs(40);
  const worker = await cli.startWorker(['--queues', 'none']);
  await worker.saw('Removed 2 jobs that ended longer ago than jobs are kept.');
  await worker.kill('SIGTERM');
  expect(await cli.json('status')).toMatchObject({ jobs: { completed: 0, dead: 1, pending: 1 } });
});

test('how long jobs are kept is a setting, which may be for ever', async () => {
  const cli = await withOldJobs(40);
  await cli.ok('config', 'set', 'keep-completed', 'forever');
  await cli.ok('config', 'set', 'keep_dead', '10d');
  expect(await cli.json('prune', '--dry-run')).toEqual({ jobs: 1, dry_run: true });
  const { code, stderr } = await cli.run(['config', 'set', 'keep_dead', 'never']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('"forever"') as string });
});
