/** A long enqueue: what a person sees of it, and how it is ended. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BINARY, createCli, hasProgram } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';
import { inTerminal } from './terminal.js';

test('an interrupted enqueue says how many jobs are stored and how to go on, and exits as the signal asks', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const cli = createCli();
    const enqueue = cli.start(['enqueue', '-'], { prefix: ['sh', '-c', PIPE, process.execPath, BINARY] });
    await waitUntil(() => cli.read('pid') !== '', { what: 'its start' });
    await waitUntil(async () => Number((await cli.json<Status>('status')).jobs['pending']) === 1000, {
      what: 'the first transaction',
    });
    process.kill(Number(cli.read('pid')), signal);
    const { stderr } = await enqueue.ended;
    expect(stderr).toBe(
      'interrupted: 1000 jobs were enqueued; to go on: tail -n +1001 FILE | queuectl enqueue --format lines -\n',
    );
    expect(cli.read('code')).toBe(`${code}\n`);
    expect(await cli.json('status')).toMatchObject({ jobs: { pending: 1000 } });
  }
});

interface Status {
  readonly jobs: Readonly<Record<string, number>>;
}

/** Feeds 1,200 lines and keeps the pipe open until the command has ended. */
const PIPE = `mkfifo pipe; exec 3<>pipe
  "$0" "$1" enqueue - <pipe & echo $! >pid
  i=0; while [ $i -lt 1200 ]; do echo true; i=$((i+1)); done >&3
  wait $!; echo $? >code`;

test('a terminal is told how far it is, and the line is gone at the end; a pipe is told nothing', async ({
  skip,
}) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  writeFileSync(cli.path('jobs'), 'true\n'.repeat(1000));
  // Slow to come, so that it lasts longer than the half second in which nothing is shown.
  const slowly = `(for i in 1 2 3 4 5 6 7 8 9; do cat jobs; sleep 0.15; done) | queuectl enqueue -`;
  const seen = (await inTerminal(cli, slowly)).toString();
  const CLEAR = '\r\x1b[K';
  const shown = seen.split(CLEAR);
  expect(shown.length).toBeGreaterThan(2);
  for (const text of shown.slice(1, -1)) expect(text).toMatch(/^[1-9],000 jobs, [\d,]+\/s$/);
  expect(shown.at(-1)).toBe(
    '✅ 9000 jobs enqueued successfully. IDs: 1-9000\r\nno worker is running for the queue default: queuectl worker start\r\n',
  );
  const piped = (await inTerminal(cli, `${slowly} 2>err; cat err`)).toString();
  expect(piped).toBe(
    '✅ 9000 jobs enqueued successfully. IDs: 9001-18000\r\nno worker is running for the queue default: queuectl worker start\r\n',
  );
  const quiet = (await inTerminal(cli, `${slowly} -q | tail -n 1`)).toString();
  expect(quiet).toBe('27000\r\n');
});
