/** `queuectl enqueue` of one job. */
import { expect, test } from 'vitest';
import { createCli } from '../support/cli.js';

test('enqueue says which job it stored: in words, as JSON, or the id alone', async () => {
  const cli = createCli();
  const said = await cli.run(['enqueue', '{"command":"echo Hello World"}']);
  expect(said).toMatchObject({ code: 0, stdout: '✅ Job enqueued successfully. ID: 1\n' });
  expect(await cli.ok('enqueue', '{"id":"job-fail-123","command":"exit 1"}')).toBe(
    '✅ Job enqueued successfully. ID: job-fail-123\n',
  );
  expect(await cli.json('enqueue', '{"command":"true"}')).toEqual({
    id: '3',
    state: 'pending',
    existed: false,
  });
  expect(await cli.json('add', '-d', '1h', '--', 'true')).toEqual({
    id: '4',
    state: 'scheduled',
    existed: false,
  });
  expect(await cli.ok('enqueue', '-q', '--', 'true')).toBe('5\n');
  expect(await cli.json('enqueue', '--fields', 'id', '--', 'true')).toEqual({ id: '6' });
});

test('every field of the JSON is kept, and every flag means its field', async () => {
  const cli = createCli();
  const runAt = '2199-12-24T18:00:00.000Z';
  const job = {
    command: ['printf', '%s', 'a b'],
    queue: 'mail',
    priority: 5,
    run_at: runAt,
    max_retries: 7,
    backoff_base: 3,
    backoff_max: '1m',
    jitter: 0.25,
    timeout: '30m',
    grace: 5,
    cwd: '/',
    env: { GREETING: 'hello', EMPTY: '' },
  };
  await cli.ok('enqueue', JSON.stringify({ id: 'json', ...job }));
  const flags = `--id flags -g mail -o 5 --at ${runAt} --max-retries 7 --backoff-base 3 --backoff-max 1m --jitter 0.25`;
  const more = ['--timeout', '30m', '--grace', '5', '-w', '/', '-e', 'GREETING=hello', '--env', 'EMPTY='];
  await cli.ok('enqueue', ...flags.split(' '), ...more, '--', 'printf', '%s', 'a b');
  const { id, created_at: made, updated_at: changed, cursor, ...fromJson } = await cli.json('show', 'json');
  expect([id, typeof made, typeof changed, cursor]).toEqual([
    'json',
    'string',
    'string',
    `scheduled:${Date.parse(String(fromJson['run_at']))}:1`,
  ]);
  const { grace, timeout, backoff_max: max, ...same } = job;
  void [grace, timeout, max];
  expect(fromJson).toMatchObject({
    ...same,
    state: 'scheduled',
    grace_ms: 5000,
    timeout_ms: 1_800_000,
    backoff_max_ms: 60_000,
  });
  expect(await cli.json('show', 'flags')).toMatchObject(fromJson);
});

test('a stored id is refused with 4, or left alone with --on-conflict ignore', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--id', 'one', '--', 'echo first');
  const refused = await cli.run(['enqueue', '--id', 'one', '--', 'echo second']);
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(refused.stderr).toMatch(/^error: job "one" exists already\nhint: .*--on-conflict ignore\n$/);
  const ignored = ['enqueue', '--on-conflict', 'ignore', '--id', 'one'];
  expect(await cli.ok(...ignored, '--', 'echo third')).toBe(
    'Job one exists already; it was left as it is.\n',
  );
  expect(await cli.json(...ignored, '--', 'echo third')).toEqual({ id: 'one', state: null, existed: true });
  expect(await cli.json('list')).toMatchObject([{ id: 'one', command: 'echo first' }]);
});

test('a job whose id was printed is stored, even if its command dies at once', async () => {
  const cli = createCli();
  const enqueue = cli.start(['enqueue', '-q', '--', 'true']);
  await enqueue.saw('1\n');
  await enqueue.kill('SIGKILL');
  expect(await cli.ok('list', '-q')).toBe('1\n');
});

test('concurrent enqueues from many processes all succeed, with numbers of their own', async () => {
  const cli = createCli();
  // The home does not exist yet: they race to make it, too.
  const all = await Promise.all(Array.from({ length: 8 }, () => cli.run(['enqueue', '-q', '--', 'true'])));
  expect(all.map(({ code, stderr }) => ({ code, stderr }))).toEqual(all.map(() => ({ code: 0, stderr: '' })));
  expect(all.map(({ stdout }) => stdout.trim()).toSorted()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
});
