/** retry, hold, release, set, rm and dlq purge: by ids at once, by a filter counted and asked for. */
import { expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { inTerminal, openTerminal } from './terminal.js';

async function statesOf(cli: Cli): Promise<Record<string, string>> {
  const jobs = await cli.json<{ id: string; state: string }[]>('list', '--state', 'all', '--limit', '5000');
  return Object.fromEntries(jobs.map(({ id, state }) => [id, state]));
}

/** a is dead, b completed, c waits, d is scheduled. */
async function withOneOfEach(): Promise<Cli> {
  const cli = createCli();
  await cli.enqueueAll([
    { id: 'a', command: 'echo out; exit 3', max_retries: 1 },
    { id: 'b', command: 'true' },
  ]);
  await cli.drain();
  await cli.enqueueAll([
    { id: 'c', command: 'true', queue: 'mail' },
    { id: 'd', command: 'true', delay: '1h' },
  ]);
  return cli;
}

test('retry lets what is over run again, and with a delay later', async () => {
  const cli = await withOneOfEach();
  expect(await cli.ok('retry', 'a')).toBe('✅ Job a has been re-queued for retry.\n');
  expect(await cli.json('retry', 'b', '--delay', '1h', '--fields', 'id,state,attempts')).toEqual([
    { id: 'b', state: 'scheduled', attempts: 0 },
  ]);
  expect(await statesOf(cli)).toEqual({ a: 'pending', b: 'scheduled', c: 'pending', d: 'scheduled' });
  const refused = await cli.run(['retry', 'a', 'nobody']);
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(refused.stderr).toMatch(
    /^error: 2 of 2 jobs were not retried: job a is pending, .*; no job "nobody"\n/,
  );
});

test('hold puts aside what waits, release lets it go by its time', async () => {
  const cli = await withOneOfEach();
  expect(await cli.ok('hold', 'c', 'd')).toBe('Job c is held.\nJob d is held.\n');
  expect(await cli.drain()).not.toContain('Claimed job c');
  expect(await cli.ok('release', 'c', 'd')).toBe(
    'Job c is released.\nJob d is released, and waits for its time.\n',
  );
  expect(await statesOf(cli)).toMatchObject({ c: 'pending', d: 'scheduled' });
  const refused = await cli.run(['hold', 'b', '-q']);
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect((await cli.run(['release', 'x'])).code).toBe(3);
  expect(await cli.drain()).toContain('Claimed job c');
});

test('enqueue --hold stores a job that waits for its release', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--hold', '--tag', 'nightly,big', '--label', 'the report', '--', 'true');
  expect(await cli.json('show', '1', '--fields', 'state,tags,label')).toEqual({
    state: 'held',
    tags: ['nightly', 'big'],
    label: 'the report',
  });
  await cli.ok('release', 'tag:nightly', '--yes');
  expect(await cli.drain()).toContain('Job 1 completed');
});

test('set gives a job other settings, and what it does not name stays', async () => {
  const cli = await withOneOfEach();
  await cli.ok('set', 'c', '--priority', '7', '--tag', 'x', '--timeout', '5s', '--', 'echo', 'two words');
  expect(await cli.json('show', 'c', '--fields', 'priority,tags,timeout_ms,command,queue,state')).toEqual({
    priority: 7,
    tags: ['x'],
    timeout_ms: 5000,
    command: ['echo', 'two words'],
    queue: 'mail',
    state: 'pending',
  });
  expect(await cli.ok('list', '-q', 'tag:x')).toBe('c\n');
  await cli.ok('set', 'c', '--delay', '1h', '-q');
  await cli.ok('set', 'd', '--delay', '0s', '--queue', 'mail', '-q');
  expect(await statesOf(cli)).toMatchObject({ c: 'scheduled', d: 'pending' });
  expect(await cli.json('list', '--queue', 'mail', '--state', 'all', '--fields', 'id')).toEqual([
    { id: 'c' },
    { id: 'd' },
  ]);
  const refused = await cli.run(['set', 'b', '--delay', '1h']);
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('queuectl retry b --delay') as string,
  });
  expect((await cli.run(['set', 'c'])).stderr).toBe(
    'error: nothing to set\nhint: queuectl set 42 --priority 5\n',
  );
});

test('rm removes jobs with their history, but none that runs', async () => {
  const cli = await withOneOfEach();
  await cli.ok('enqueue', '--id', 'run', '--', 'sleep 600');
  const worker = await cli.startWorker();
  await worker.saw('Claimed job run');
  const refused = await cli.run(['rm', 'run', 'a']);
  expect(refused).toMatchObject({ code: 7, stdout: 'Job a is removed.\n' });
  expect(refused.stderr).toMatch(
    /^error: 1 of 2 jobs were not removed: job run is processing\nhint: .*cancel run\n/,
  );
  expect((await cli.run(['show', 'a'])).code).toBe(3);
  // Its id may be given again.
  await cli.ok('enqueue', '--id', 'a', '-q', '--', 'true');
  await cli.ok('worker', 'stop', '--now', '--wait');
  expect((await worker.ended).code).toBe(0);
});

test('by a filter a change is counted, and done only with --yes where there is no terminal', async () => {
  const cli = createCli();
  await cli.enqueueAll(
    Array.from({ length: 1200 }, (_, n) => ({ command: 'true', queue: n % 2 ? 'odd' : 'even' })),
  );
  const asked = await cli.run(['cancel', 'queue:odd']);
  expect(asked).toMatchObject({ code: 2, stdout: '' });
  expect(asked.stderr).toBe(
    'error: this would cancel 600 jobs: 2, 4, 6, 8, 10, …\nhint: to do it, add --yes; to count only, --dry-run\n',
  );
  expect(await cli.ok('cancel', 'queue:odd', '--dry-run')).toBe(
    'This would cancel 600 jobs: 2, 4, 6, 8, 10, …\n',
  );
  expect(await cli.ok('cancel', '3-9,12', 'queue:odd', '--yes')).toBe('4 jobs cancelled.\n');
  expect(await cli.json('cancel', 'queue:odd', '--yes')).toEqual({
    matched: 596,
    changed: 596,
    refused: 0,
    dry_run: false,
  });
  expect(linesOf(await cli.ok('retry', 'state:cancelled', '--yes', '-q'))).toHaveLength(600);
  const nothing = await cli.run(['rm', 'state:dead', '--yes']);
  expect(nothing).toMatchObject({ code: 0, stdout: '', stderr: 'there is no job to remove\n' });
  expect(await cli.ok('rm', 'all', '--yes')).toBe('1200 jobs removed.\n');
  expect(await cli.json('status')).toMatchObject({ jobs: { pending: 0, cancelled: 0 } });
});

test('on a terminal a change by a filter asks first, and does nothing without a yes', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.enqueueAll([{ command: 'true' }, { command: 'true' }]);
  const question = 'This will remove 2 jobs: 1, 2. Go on? [y/N]';
  for (const [key, code, left] of [
    ['n', 1, 2],
    ['y', 0, 0],
  ] as const) {
    const terminal = await openTerminal(cli, `queuectl rm state:pending; echo "code $?"`);
    await terminal.shows(question);
    terminal.press(key);
    terminal.press('Enter');
    const said = String(await terminal.ended());
    expect(said).toContain(`code ${code}`);
    expect(await cli.json<unknown[]>('list')).toHaveLength(left);
  }
});

test('Ctrl-C at the question changes nothing, and leaves the terminal as it was', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.enqueueAll([{ command: 'true' }]);
  const seen = String(
    await inTerminal(cli, `queuectl rm all; echo "code $?"`, { keys: [{ after: '[y/N]', press: 'C-c' }] }),
  );
  expect(seen).toContain('code 130');
  expect(await cli.json<unknown[]>('list')).toHaveLength(1);
});
