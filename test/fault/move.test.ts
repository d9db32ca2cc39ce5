/** Killed at any step of a move, a queue is in one place: where it was, free to be used, or whole in the new one. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOVE_FAILPOINTS } from '../../src/failpoint.js';
import { createCli, linesOf } from '../support/cli.js';
import type { Cli } from '../support/cli.js';
import { noPostgres, query, startServer, whySkipped } from '../support/postgres.js';
import type { TestServer } from '../support/postgres.js';
import { processState, waitUntil } from '../support/processes.js';

const TEST_BINARY = fileURLToPath(new URL('../../dist-test/bin/queuectl.cjs', import.meta.url));
const TEST_MS = 120_000;

if (!existsSync(TEST_BINARY)) throw new Error('build it first: node scripts/build.mjs --no-types --test');

describe.skipIf(noPostgres !== undefined)(`a move that is broken off${whySkipped}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  async function fill(cli: Cli): Promise<void> {
    await cli.enqueueAll([{ id: 'old', command: 'seq 1 20000' }]);
    await cli.drain();
    await cli.enqueueAll(Array.from({ length: 1500 }, (_, n) => ({ id: `job-${n}`, command: 'true' })));
  }

  const killAt = async (cli: Cli, point: string, url: string): Promise<void> => {
    const { signal, stderr } = await cli.start(['migrate', '--to', url], {
      prefix: [process.execPath, TEST_BINARY],
      env: { QUEUECTL_FAILPOINT: `${point}=kill9` },
    }).ended;
    expect({ signal, stderr }).toMatchObject({ signal: 'SIGKILL' });
  };

  /** How many jobs the new place has, and how many the old one admits to. */
  async function places(cli: Cli, url: string): Promise<{ there: number; here: number | 'moved' }> {
    const [schema] = await query(url, `SELECT to_regclass('queuectl.jobs') IS NOT NULL AS is_made`);
    const [jobs] =
      schema?.['is_made'] === true
        ? await query(url, 'SELECT count(*)::integer AS n FROM queuectl.jobs')
        : [{ n: 0 }];
    const listed = await cli.run(['list', '-q', '--state', 'all', '--limit', '10000']);
    const isMoved = listed.code === 5 && listed.stderr.includes('this queue was moved to ');
    expect({ isMoved, code: listed.code }).toEqual({ isMoved, code: isMoved ? 5 : 0 });
    return { there: Number(jobs?.['n']), here: isMoved ? 'moved' : linesOf(listed.stdout).length };
  }

  test.for([...MOVE_FAILPOINTS])('killed at %s', { timeout: TEST_MS }, async (point) => {
    const cli = createCli();
    await fill(cli);
    const url = await server.createDatabase();
    await killAt(cli, point, url);
    const isThere = point !== 'move.after_copy' && point !== 'move.after_mark';
    expect(await places(cli, url)).toEqual(
      isThere ? { there: 1501, here: 'moved' } : { there: 0, here: 1501 },
    );
    // Where the queue stayed, it is used as before.
    if (!isThere) expect(await cli.ok('enqueue', '-q', '--id', 'since', '--', 'true')).toBe('since\n');
    expect(await cli.ok('migrate', '--to', url)).toMatch(
      isThere ? /^This queue was moved/ : /^✅ Moved 1502 jobs/,
    );
    expect(linesOf(await cli.ok('logs', 'old'))).toHaveLength(20_000);
    expect(await cli.json('status')).toMatchObject({
      jobs: { pending: isThere ? 1500 : 1501, completed: 1 },
    });
    expect(await cli.json('config', 'get', 'database')).toHaveProperty('database');
  });

  test(
    'whose server cannot be asked lets nobody use the file until it can',
    { timeout: TEST_MS },
    async () => {
      const cli = createCli();
      await cli.ok('enqueue', '--id', 'one', '--', 'true');
      const url = await server.createDatabase();
      await killAt(cli, 'move.after_mark', url);
      const elsewhere = await server.createDatabase();
      const allow = (answer: boolean): Promise<unknown> =>
        query(elsewhere, `ALTER DATABASE ${new URL(url).pathname.slice(1)} ALLOW_CONNECTIONS ${answer}`);
      await allow(false);
      const { code, stderr } = await cli.run(['enqueue', '--', 'true']);
      expect({ code, stderr }).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(/^error: a move of this queue to \S+ was broken off/) as string,
      });
      await allow(true);
      await cli.ok('enqueue', '--id', 'two', '--', 'true');
      expect(linesOf(await cli.ok('list', '-q')).toSorted()).toEqual(['one', 'two']);
    },
  );

  test(
    'and goes on beside another command: that one waits, and finds the queue moved',
    { timeout: TEST_MS },
    async () => {
      const cli = createCli();
      await cli.ok('enqueue', '--id', 'one', '--', 'true');
      const url = await server.createDatabase();
      const moving = cli.start(['migrate', '--to', url, '--keep-setting'], {
        prefix: [process.execPath, TEST_BINARY],
        env: { QUEUECTL_FAILPOINT: 'move.after_mark=stop' },
      });
      // Not sooner does the file send others to the server.
      await waitUntil(() => processState(moving.pid) === 'T', { what: 'the move to be in the middle' });
      const other = cli.run(['enqueue', '--', 'true']);
      await waitUntil(
        async () =>
          (await query(url, `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).length > 0,
        { what: 'the other command to ask the server' },
      );
      moving.signal('SIGCONT');
      expect((await moving.ended).code).toBe(0);
      const { code, stderr } = await other;
      expect({ code, stderr }).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('was moved to') as string,
      });
    },
  );
});
