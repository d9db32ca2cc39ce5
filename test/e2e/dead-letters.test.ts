/** The dead letter queue: by cause, one by one, again, and away. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';

async function withDeadJobs(): Promise<Cli> {
  const cli = createCli();
  const dead = (command: string, more: object = {}): object => ({ command, max_retries: 1, ...more });
  await cli.enqueueAll([
    ...[1, 2, 3].map(() => dead('no-such-program')),
    ...[1, 2].map(() => dead('echo "it\'s \\"refused\\""; exit 1', { queue: 'mail' })),
    dead('kill -9 $$'),
    { command: 'true' },
  ]);
  await cli.drain();
  return cli;
}

test('dlq list --group-by shows each cause once, with the filter that means its jobs', async () => {
  const cli = await withDeadJobs();
  const groups = await cli.json<{ group: string; jobs: number; filter: string; output: string }[]>(
    'dlq',
    'list',
    '--group-by',
    'error',
  );
  expect(groups.map(({ group, jobs, filter }) => ({ group, jobs, filter }))).toEqual([
    { group: 'exit code 127 (command not found)', jobs: 3, filter: 'exit:127' },
    { group: 'exit code 1', jobs: 2, filter: 'exit:1' },
    { group: expect.stringMatching(/^killed by SIGKILL/) as string, jobs: 1, filter: 'signal:KILL' },
  ]);
  expect(groups[1]?.output).toBe(`it's "refused"`);
  for (const by of ['error', 'queue', 'command']) {
    const all = await cli.json<{ jobs: number; filter: string }[]>('dlq', 'list', '--group-by', by);
    for (const { jobs, filter } of all) {
      const ids = linesOf(await cli.ok('dlq', 'list', '-q', filter));
      expect({ filter, ids: ids.length }).toEqual({ filter, ids: jobs });
    }
  }
  const words = linesOf(await cli.ok('dlq', 'list', '--group-by', 'command'));
  expect(words[1]).toBe('jobs\tcommand\toutput\texample\tlast_at\tfilter');
});

test('dlq retry by cause or --all runs dead jobs again, and no others', async () => {
  const cli = await withDeadJobs();
  expect(await cli.ok('dlq', 'retry', 'exit:127', '--yes')).toBe('3 jobs retried.\n');
  expect((await cli.run(['dlq', 'retry', '--all'])).code).toBe(2);
  expect(await cli.ok('dlq', 'retry', '--all', '--yes')).toBe('3 jobs retried.\n');
  expect(await cli.json('status', '--fields', 'jobs')).toMatchObject({ jobs: { pending: 6, completed: 1 } });
  expect(await cli.run(['dlq', 'retry', '7'])).toMatchObject({ code: 4, stdout: '' });
});

test('dlq show tells of a dead job, and only of such', async () => {
  const cli = await withDeadJobs();
  expect(await cli.ok('dlq', 'show', '4')).toContain(`it's "refused"`);
  expect(await cli.json('dlq', 'show', '4', '--fields', 'id,exit_code')).toEqual({ id: '4', exit_code: 1 });
  const completed = await cli.run(['dlq', 'show', '7']);
  expect(completed).toMatchObject({
    code: 4,
    stderr: 'error: job 7 is completed, not dead\nhint: queuectl show 7\n',
  });
  expect((await cli.run(['dlq', 'show', '99'])).code).toBe(3);
});

test('dlq purge removes dead jobs, and no others', async () => {
  const cli = await withDeadJobs();
  expect(await cli.ok('dlq', 'purge', '1')).toBe('Job 1 is removed.\n');
  expect((await cli.run(['dlq', 'purge', '7'])).code).toBe(4);
  expect(await cli.ok('dlq', 'purge', 'queue:mail', '--dry-run')).toBe('This would remove 2 jobs: 5, 4\n');
  expect(await cli.ok('dlq', 'purge', '--all', '--yes')).toBe('5 jobs removed.\n');
  expect(linesOf(await cli.ok('list', '--state', 'all', '-q'))).toEqual(['7']);
});
