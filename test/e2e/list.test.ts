/** What list and dlq list print, in a pipe and as JSON. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import { ISO, withDeadJob } from './dead-job.js';

test('list is a TSV with a header in a pipe, its fields escaped, under its heading', async () => {
  const cli = createCli();
  await cli.ok('enqueue', JSON.stringify({ command: 'echo "a\tb"\necho c\\d \u001b[31m' }));
  const [heading, header, row, ...more] = linesOf(await cli.ok('list'));
  expect([heading, header, more]).toEqual([
    '--- Jobs (pending) ---',
    'id\tcommand\tstate\tattempts\tupdated_at',
    [],
  ]);
  const fields = row?.split('\t') ?? [];
  expect(fields.slice(0, 4)).toEqual(['1', 'echo "a\\tb"\\necho c\\\\d \\x1b[31m', 'pending', '0']);
  expect(fields[4]).toMatch(ISO);
});

test('list chooses by state and queue, counts to its limit, and says when there are more', async () => {
  const cli = createCli();
  await cli.enqueueAll(Array.from({ length: 101 }, () => ({ command: 'true' })));
  await cli.enqueueAll([{ id: 'mail', queue: 'mail', command: 'true', delay: '1h' }]);
  const all = await cli.run(['list']);
  expect(linesOf(all.stdout)).toHaveLength(102);
  expect(all.stderr).toMatch(
    /^there are more than 100: --limit 1000, or next --after pending:\d+:100:0:default:\n$/,
  );
  expect(linesOf(await cli.ok('ls', '-q', '--limit', '3'))).toEqual(['1', '2', '3']);
  expect(await cli.json('ps', '--queue', 'mail', '--state', 'all', '--fields', 'id,state')).toEqual([
    { id: 'mail', state: 'scheduled' },
  ]);
  const empty = await cli.run(['list', '--state', 'completed,dead']);
  expect(empty).toMatchObject({
    stderr: '',
    stdout: '--- Jobs (completed, dead) ---\nid\tcommand\tstate\tattempts\tupdated_at\n',
  });
  expect(linesOf(await cli.ok('list', '--state', 'scheduled'))[0]).toBe('--- Jobs (scheduled) ---');
});

test('the note under a page leads to the next one, until nothing is left', async () => {
  const cli = createCli();
  await cli.enqueueAll(Array.from({ length: 7 }, (_, n) => ({ command: 'true', queue: n < 4 ? 'a' : 'b' })));
  const seen: string[] = [];
  let place: string[] = [];
  for (let page = 0; page < 3; page++) {
    const words = ['list', '--state', 'all', '--limit', '3', ...place];
    const { stdout, stderr } = await cli.run(words);
    seen.push(
      ...linesOf(stdout)
        .slice(2)
        .map((row) => row.split('\t')[0] ?? ''),
    );
    const after = /--after (\S+)\n/.exec(stderr)?.[1];
    expect(after === undefined).toBe(page === 2);
    place = after === undefined ? [] : ['--after', after];
  }
  expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7']);
});

test('a page behind what is no place, or behind a place of another list, is refused with a hint', async () => {
  const cli = createCli();
  for (const [words, message] of [
    [['list', '--after', '42'], /^error: "42" is no place in a list\nhint: .*--after/],
    [
      ['dlq', 'list', '--after', 'pending:1:2:0:default:'],
      /^error: a list of dead jobs has no place among pending ones\nhint: /,
    ],
  ] as const) {
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  }
});

test('dlq list shows what the last run printed', async () => {
  const cli = await withDeadJob();
  const [heading, header, row] = linesOf(await cli.ok('dlq', 'list'));
  expect([heading, header]).toEqual(['--- Dead Letter Queue Jobs ---', 'id\tcommand\toutput\tupdated_at']);
  expect(row?.split('\t')).toEqual([
    'job-fail-123',
    `printf 'a\\\\tb\\\\\\\\c\\\\nlast\\\\n'; exit 2`,
    'a\\tb\\\\c\\nlast',
    expect.stringMatching(ISO),
  ]);
  expect(await cli.ok('dlq', 'list', '-q')).toBe('job-fail-123\n');
  expect(await cli.json('dlq', 'list')).toMatchObject([
    { id: 'job-fail-123', state: 'dead', output: 'a\tb\\c\nlast' },
  ]);
});

test('a reader that has seen enough is no error', async () => {
  const cli = createCli();
  await cli.enqueueAll(Array.from({ length: 3000 }, () => ({ command: `echo ${'x'.repeat(100)}` })));
  await cli.enqueueAll([{ command: 'head -c 1000000 /dev/zero', id: 'big', priority: 1 }]);
  const worker = await cli.startWorker();
  await worker.saw('Job big completed');
  await worker.kill('SIGTERM');
  for (const command of [
    'list --limit 3000',
    'list --limit 3000 --json',
    'list --limit 3000 -q',
    'logs big',
    'help',
  ]) {
    const { code, stderr } = await cli.shell(`queuectl ${command} | head -c 1 > first`);
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
  }
});
