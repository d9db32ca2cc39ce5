/** What show, status and worker start print, in a pipe and as JSON. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import { ISO, withDeadJob } from './dead-job.js';

test('show is the job itself under --json, with its runs, and lines of two fields in a pipe', async () => {
  const cli = await withDeadJob();
  // Only the native launcher can tell what a run took.
  const isNative = (await cli.json('version'))['launcher'] === 'native';
  const measured: unknown = isNative ? expect.any(Number) : null;
  expect(await cli.json('show', 'job-fail-123')).toEqual({
    id: 'job-fail-123',
    cancel_requested_at: null,
    command: expect.stringContaining('printf'),
    handler: null,
    payload: null,
    state: 'dead',
    queue: 'default',
    priority: 0,
    attempts: 1,
    max_retries: 1,
    crashes: 0,
    run: 1,
    backoff_base: 2,
    backoff_max_ms: null,
    jitter: 0,
    tags: [],
    label: null,
    timeout_ms: null,
    grace_ms: 10_000,
    cwd: cli.directory,
    env: {},
    stdin: null,
    stdin_file: null,
    stragglers: 'end',
    user: null,
    nice: null,
    umask: null,
    memory_limit_bytes: null,
    cpu_limit_ms: null,
    open_files_limit: null,
    process_limit: null,
    run_at: expect.stringMatching(ISO),
    created_at: expect.stringMatching(ISO),
    updated_at: expect.stringMatching(ISO),
    started_at: expect.stringMatching(ISO),
    finished_at: expect.stringMatching(ISO),
    exit_code: 2,
    signal: null,
    reason: 'exit code 2',
    cursor: expect.stringMatching(/^dead:\d{13}:1$/),
    runs: [
      {
        run: 1,
        outcome: 'failure',
        exit_code: 2,
        signal: null,
        reason: 'exit code 2',
        started_at: expect.stringMatching(ISO),
        finished_at: expect.stringMatching(ISO),
        duration_ms: expect.any(Number),
        user_ms: measured,
        system_ms: measured,
        max_rss_kb: measured,
        output_bytes: 11,
        result: null,
      },
    ],
  });
  const printed = await cli.ok('inspect', 'job-fail-123');
  expect(printed).toMatch(/^field\tvalue\nid\tjob-fail-123\nstate\tdead\n/);
  expect(printed).toContain('--- Runs ---\nrun\toutcome\texit_code');
  expect(printed).toMatch(/--- Output \(the end of run 1\) ---\na\tb\\c\nlast\n$/);
});

test('status counts the jobs of every state and the workers', async () => {
  const cli = await withDeadJob();
  await cli.ok('enqueue', '--', 'sleep 600');
  const worker = await cli.startWorker(['--count', '2', '--queues', 'mail,default']);
  await worker.saw('Claimed job 2');
  const none = { scheduled: 0, pending: 0, failed: 0, blocked: 0, held: 0, completed: 0, cancelled: 0 };
  expect(await cli.json('status')).toEqual({
    jobs: { ...none, processing: 1, dead: 1 },
    workers: { running: 1 },
    paused: { all: false, queues: [] },
    queues: [
      {
        name: 'default',
        jobs: { ...none, processing: 1, dead: 1 },
        oldest_ready_at: null,
        paused_at: null,
      },
    ],
  });
  const lines = linesOf(await cli.ok('status'));
  expect(lines.slice(0, 3)).toEqual(['--- Job Summary ---', 'state\tjobs', 'scheduled\t0']);
  expect(lines.slice(-3, -1)).toEqual([
    '--- Worker Summary ---',
    'name\tpid\thost\tslots\tqueues\tstarted\tstate',
  ]);
  expect(lines.at(-1)).toMatch(new RegExp(`^w1\t${worker.pid}\t[^\t]+\t2\tmail,default\t[^\t]+\trunning$`));
  worker.signal('SIGTERM');
  await worker.saw('Shutting down');
  await worker.kill('SIGTERM');
});

test('a worker prints its life in the words of the original, as JSON events, or not at all', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'echo Hello World');
  const worker = cli.start(['worker', 'start', '--until-empty']);
  const { stdout, stderr } = await worker.ended;
  expect(stderr).toMatch(/^name: w1\nlauncher: (node|native)\n$/);
  expect(linesOf(stdout)).toEqual([
    `[Worker 1] Starting up (PID: ${worker.pid})...`,
    '[Worker 1] Polling for jobs...',
    '[Worker 1] Claimed job 1: echo Hello World',
    '[Worker 1] Job 1 completed successfully.',
    '[Worker 1] Stopped.',
  ]);
  await cli.ok('enqueue', '--', 'true');
  const events = linesOf(await cli.drain('--json')).map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  expect(events.map((event) => event['event'])).toEqual(
    ['named', 'launcher', 'started', 'polling']
      .map((name) => `worker.${name}`)
      .concat('job.claimed', 'job.completed', 'worker.stopped'),
  );
  expect(events[4]).toEqual({
    time: expect.stringMatching(ISO),
    event: 'job.claimed',
    slot: 1,
    id: '2',
    run: 1,
    command: 'true',
  });
  await cli.ok('enqueue', '--', 'true');
  expect(await cli.drain('--quiet')).toBe('');
});
