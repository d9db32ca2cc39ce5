import { expect, onTestFinished, test } from 'vitest';
import type { ProcessingJob } from '../../src/job/job.js';
import { inheritedEnvironment, jobEnvironment } from '../../src/worker/job-environment.js';
import { newJob } from '../support/stores.js';
import { openTestQueue, startWorker, storedText } from '../support/workers.js';

const { start: _start, ...facts } = newJob();
const JOB: ProcessingJob = {
  ...facts,
  seq: 7,
  id: 'seven',
  queue: 'mail',
  state: 'processing',
  run: 3,
  sessionId: 1,
  attempts: 0,
  crashes: 0,
  runAtMs: 0,
  createdAtMs: 0,
  updatedAtMs: 0,
  startedAtMs: 0,
  cancel: null,
};

const IN_HOME = { home: '/home', database: null };

const OURS = {
  QUEUECTL_JOB_ID: 'seven',
  QUEUECTL_RUN: '3',
  QUEUECTL_QUEUE: 'mail',
  QUEUECTL_TOKEN: 'token',
  QUEUECTL_WORKER_PID: String(process.pid),
  QUEUECTL_HOME: '/home',
};

test("the worker's environment, then the job's, then what tells a job who it is", () => {
  const job = { ...JOB, env: { A: 'job', QUEUECTL_RUN: '99', EMPTY: '' } };
  const worker = { A: 'worker', B: 'worker', GONE: undefined, QUEUECTL_JOB_ID: 'outer' };
  expect({ ...inheritedEnvironment(worker), ...jobEnvironment(job, IN_HOME, 'token') }).toEqual({
    A: 'job',
    B: 'worker',
    EMPTY: '',
    ...OURS,
  });
});

test('our secrets are not passed on', () => {
  const worker = {
    QUEUECTL_DATABASE_URL: 'postgres://u:secret@h/d',
    QUEUECTL_DATABASE: 'outer',
    QUEUECTL_TOKEN: 'outer',
  };
  expect(inheritedEnvironment(worker)).toEqual({});
  expect(jobEnvironment(JOB, IN_HOME, 'token')).toEqual(OURS);
});

test('a job of a database on a server learns which one it is', () => {
  const given = { home: '/home', database: 'h/d' };
  expect(jobEnvironment(JOB, given, 'token')).toEqual({ ...OURS, QUEUECTL_DATABASE: 'h/d' });
});

test('a job sees it', async () => {
  process.env['QUEUECTL_DATABASE_URL'] = 'postgres://secret';
  process.env['OF_THE_WORKER'] = 'yes';
  onTestFinished(() => {
    delete process.env['QUEUECTL_DATABASE_URL'];
    delete process.env['OF_THE_WORKER'];
  });
  const { queue, home, over } = await openTestQueue();
  startWorker(queue);
  const { id } = await queue.enqueue({
    id: 'named',
    command: 'env',
    queue: 'q',
    env: { OF_THE_JOB: "it's\nhere" },
  });
  const [run] = await queue.runs(await over(id));
  const seen = storedText(run) ?? '';
  expect(seen).not.toContain('secret');
  for (const line of [
    'OF_THE_WORKER=yes',
    "OF_THE_JOB=it's\nhere",
    'QUEUECTL_JOB_ID=named',
    'QUEUECTL_RUN=1',
    'QUEUECTL_QUEUE=q',
    `QUEUECTL_HOME=${home}`,
    `QUEUECTL_WORKER_PID=${process.pid}`,
  ])
    expect(seen).toContain(`${line}\n`);
  expect(seen).toMatch(/^QUEUECTL_TOKEN=[0-9a-f]{32}$/m);
});
