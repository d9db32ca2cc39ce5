/** `events`. */
import { expect, test } from 'vitest';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { changeDatabase } from '../support/database.js';
import { waitUntil } from '../support/processes.js';
import { expectRefusals } from './refusals.js';

interface EventJson {
  readonly time: string;
  readonly event: string;
  readonly job: string | null;
  readonly queue: string | null;
  readonly run: number | null;
  readonly outcome: string | null;
}

const KEYS = 'time,event,job,queue,run,worker,outcome,exit_code,signal,reason,duration_ms,due_at'.split(',');

function parse(stdout: string): EventJson[] {
  return linesOf(stdout).map((line) => JSON.parse(line) as EventJson);
}

async function eventsOf(cli: Cli, ...flags: string[]): Promise<EventJson[]> {
  return parse(await cli.ok('events', '--json', ...flags));
}

const words = ({ event, job, run }: EventJson): string =>
  [event, job, run].filter((x) => x !== null).join(' ');

const STORY = [
  'enqueued bad',
  'started bad 1',
  'finished bad 1',
  'retry_scheduled bad 1',
  'started bad 2',
  'finished bad 2',
  'dead bad 2',
];

/** A retry that has come is not written down anywhere. */
const PAST = STORY.filter((text) => !text.startsWith('retry'));

/** As a change of jobs by a person writes it. */
function writeAct(cli: Cli, kind: string, seqs: readonly number[]): Promise<void> {
  return changeDatabase(
    cli,
    `INSERT INTO acts (at, kind, seqs) VALUES (${Date.now()}, '${kind}', '${JSON.stringify(seqs)}')`,
  );
}

test('events tells the story of a job in its order, with one shape for every event', async () => {
  const cli = createCli();
  await cli.enqueueAll([
    { command: 'exit 3', id: 'bad', queue: 'mail', max_retries: 2, backoff_base: 1 },
    { command: 'true', id: 'good' },
    { command: 'true', id: 'never', delay: '1h' },
  ]);
  await cli.ok('cancel', 'never');
  await cli.drain();
  const story = await eventsOf(cli, '--job', 'bad');
  expect(story.map(words)).toEqual(PAST);
  for (const event of story) expect(Object.keys(event)).toEqual(KEYS);
  expect(story[2]).toMatchObject({ outcome: 'failure', exit_code: 3, reason: 'exit code 3', queue: 'mail' });
  const all = await eventsOf(cli);
  expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).toSorted());
  expect(all.map(words)).toEqual(expect.arrayContaining([...PAST, 'finished good 1', 'cancelled never']));
  expect((await eventsOf(cli, '--queue', 'mail')).map(words)).toEqual(PAST);
  expect(await eventsOf(cli, '--since', '2999-01-01')).toEqual([]);
  const [header, first] = linesOf(await cli.ok('events', '--job', 'bad'));
  expect(header).toBe('time\tevent\tjob\tqueue\trun\tdetail');
  expect(first).toMatch(/^[^\t]+Z\tenqueued\tbad\tmail\t\t$/);
  expect(linesOf(await cli.ok('events', '--job', 'never', '--json', '--fields', 'event'))).toEqual([
    '{"event":"enqueued"}',
    '{"event":"cancelled"}',
  ]);
});

test('events -f tells of everything once, as it happens, also of jobs that end between two looks', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'before', '--', 'true');
  const follow = cli.start(['events', '-f', '--json', '--since', '1h']);
  await follow.saw('"before"');
  const told = (): string[] => parse(follow.stdout()).map(words);
  const tells = (text: string): Promise<boolean> =>
    waitUntil(() => told().includes(text), { what: `the event "${text}"` });
  await cli.ok('pause', 'sms');
  await tells('paused');
  await cli.enqueueAll(
    Array.from({ length: 40 }, (_, n) => ({
      command: n % 2 === 0 ? 'true' : 'exit 1',
      id: `job-${n}`,
      max_retries: 2,
      backoff_base: 1,
    })),
  );
  await cli.drain('--count', '4');
  await cli.ok('resume');
  for (const event of ['resumed', 'worker_stopped', 'finished before 1', 'dead job-39 2']) await tells(event);
  await writeAct(cli, 'hold', [1]);
  await writeAct(cli, 'remove', [999]);
  await tells('held before');
  await tells('removed 999');
  const { code, stderr } = await follow.kill('SIGINT');
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  const all = told();
  for (let n = 0; n < 40; n += 1) {
    const own = all.filter((text) => text.split(' ')[1] === `job-${n}`);
    const story = n % 2 === 0 ? STORY.slice(0, 3) : STORY;
    expect(own).toEqual(story.map((text) => text.replace('bad', `job-${n}`)));
  }
});

test('events -f tells of a start, which rings no bell, and begins with what comes', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'old', '--', 'sleep 600');
  const worker = await cli.startWorker();
  await worker.saw('Claimed job old');
  const follow = cli.start(['events', '-f']);
  await waitUntil(
    async () => {
      await cli.ok('enqueue', '-q', '--', 'true');
      return follow.stdout().includes('enqueued');
    },
    { what: 'the follower to have begun' },
  );
  expect(follow.stdout()).not.toContain('old');
  await cli.ok('cancel', 'old', '--grace', '0s');
  await follow.saw('finished\told\tdefault\t1\tcancelled');
  await follow.saw('cancelled\told');
  worker.signal('SIGTERM');
  await worker.kill('SIGTERM');
  expect((await follow.kill('SIGTERM')).code).toBe(143);
});

test('events refuses what it does not know', async () => {
  await expectRefusals(createCli(), [
    { args: ['events', '--since', 'x'], message: '--since must be a duration or a time, not "x"' },
    { args: ['events', '--job', '99'], code: 3, message: 'no job "99"' },
    { args: ['events', '--queue', 'a b'], message: '--queue must' },
    { args: ['events', '--folow'], message: `unknown option '--folow'`, hint: 'did you mean "--follow"?' },
  ]);
});
