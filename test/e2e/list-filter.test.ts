/** list by filters, in an order and with columns of one's choice. */
import { expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';
import { ISO } from './dead-job.js';
import { openTerminal } from './terminal.js';

async function withJobs(): Promise<Cli> {
  const cli = createCli();
  await cli.enqueueAll([
    { command: 'ffmpeg -i a', queue: 'video', tags: ['nightly'], priority: 2 },
    { command: 'echo "two words"', tags: ['nightly', 'big'], label: 'Monthly Report' },
    { command: 'true', priority: -5, delay: '1h' },
    { id: 'own', command: 'exit 3', max_retries: 1, queue: 'soon' },
  ]);
  await cli.drain('--queues', 'soon');
  return cli;
}

test.each([
  ['state:dead', ['own']],
  ['state:pending queue:video', ['1']],
  ['tag:nightly', ['1', '2']],
  ['tag:nightly not tag:big', ['1']],
  ['tag!=nightly', ['3', 'own']],
  ['command~FFMPEG', ['1']],
  ['command~"two words"', ['2']],
  ['label~monthly', ['2']],
  ['priority:-5..0', ['2', '3', 'own']],
  ['priority>0 or exit:3', ['1', 'own']],
  ['(state:scheduled or state:dead) after:-1h', ['3', 'own']],
  ['due-after:+10m', ['3']],
  ['2-9', ['2', '3']],
  ['own 2', ['2', 'own']],
  ['last', ['own']],
  ['all', ['1', '2', '3', 'own']],
  ['state:completed', []],
])('%s', async (filter, ids) => {
  const cli = await withJobs();
  expect(linesOf(await cli.ok('list', '-q', filter)).toSorted()).toEqual(ids);
});

test('flags and words choose together, and a shell may have taken the quotes', async () => {
  const cli = await withJobs();
  expect(
    linesOf(await cli.ok('list', '-q', '--tag', 'nightly', '--queue', 'video', '--state', 'all')),
  ).toEqual(['1']);
  expect(linesOf(await cli.ok('list', '-q', 'command~two words', 'tag:nightly'))).toEqual(['2']);
  expect(
    linesOf(await cli.ok('list', '-q', '--state', 'all', '--since', '2h', '--until', '+1m')),
  ).toHaveLength(4);
  expect(linesOf(await cli.ok('list', '-q', '--until', '2020-01-01', '--state', 'all'))).toEqual([]);
});

test('the columns are those that were asked for, and the order, too', async () => {
  const cli = await withJobs();
  const rows = linesOf(
    await cli.ok(
      'list',
      'all',
      '--sort',
      '-priority',
      '--columns',
      'id,priority,tags,label,exit_code,created_at,age,due,took',
    ),
  ).map((row) => row.split('\t'));
  expect(rows[1]).toEqual([
    'id',
    'priority',
    'tags',
    'label',
    'exit_code',
    'created_at',
    'age',
    'due',
    'took',
  ]);
  expect(rows.slice(2).map(([id, priority]) => [id, priority])).toEqual([
    ['1', '2'],
    ['own', '0'],
    ['2', '0'],
    ['3', '-5'],
  ]);
  expect(rows[4]?.slice(2, 5)).toEqual(['nightly,big', 'Monthly Report', '']);
  expect(rows[3]?.[4]).toBe('3');
  expect(rows[3]?.[5]).toMatch(ISO);
  expect(Number(rows[5]?.[7])).toBeGreaterThan(3_000_000);
  expect(rows[3]?.[8]).toMatch(/^\d+$/);
  const page = await cli.run(['list', 'all', '--sort', 'id', '--limit', '2']);
  expect(page.stderr).toBe('there are more than 2: --limit 20\n');
});

test('list --watch shows each change on a terminal, and only there', async ({ skip }) => {
  const cli = await withJobs();
  const refused = await cli.run(['list', '--watch']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toBe(
    'error: --watch draws on a terminal\nhint: for a program: queuectl events -f --json\n',
  );
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const terminal = await openTerminal(cli, 'NO_COLOR=1 queuectl list tag:nightly --watch; echo "code $?"');
  await terminal.shows('ffmpeg -i a');
  await cli.ok('hold', '1');
  await terminal.shows('│ held');
  await cli.ok('rm', '1');
  await waitUntil(() => !terminal.screen().join().includes('ffmpeg'), { what: 'the job to be gone' });
  terminal.press('C-c');
  await terminal.shows('code 130');
  await terminal.ended();
});
