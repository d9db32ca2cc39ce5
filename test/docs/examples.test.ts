/** The programs in examples/ work as they are. That they compile is up to `npm run check:types`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Queue } from '../../src/queue.js';
import { noPostgres, startServer, whySkipped } from '../support/postgres.js';
import { waitUntil } from '../support/processes.js';
import { openTestStore } from '../support/stores.js';
import { bundleProgram, ROOT, startUserProgram, temporaryFolder } from '../support/user-programs.js';
import type { UserProgram } from '../support/user-programs.js';

interface Example {
  readonly folder: string;
  readonly home: string;
  readonly start: (...args: string[]) => UserProgram;
}

async function example(name: string): Promise<Example> {
  const folder = temporaryFolder();
  const home = join(folder, 'home');
  const file = await bundleProgram(join(ROOT, 'examples', name), folder);
  return { folder, home, start: (...args) => startUserProgram(file, args, home) };
}

const printed = (program: UserProgram, text: string): Promise<true> =>
  waitUntil(() => program.printed().includes(text) || null, {
    what: `the program to print ${text}`,
  });

test('resize.ts runs its typed handlers and prints their results', async () => {
  const { home, start } = await example('resize.ts');
  const program = start(home);
  expect([await program.exited, program.printed()]).toEqual([0, '800 x 600\n100 x 200\npictures: job 3\n']);
});

test('import-lines.ts stores each line once, however often it runs', async () => {
  const { folder, home, start } = await example('import-lines.ts');
  const file = join(folder, 'lines');
  writeFileSync(file, 'ada\nbob\neve\n');
  for (const said of ['3 stored, 0 known\n', '0 stored, 3 known\n']) {
    const program = start(file);
    expect([await program.exited, program.printed()]).toEqual([0, said]);
  }
  expect(await new Queue(await openTestStore(home)).counts()).toMatchObject({ pending: 3 });
});

test('graceful-worker.ts finishes its job on SIGTERM and claims no other', async () => {
  const { home, start } = await example('graceful-worker.ts');
  const queue = new Queue(await openTestStore(home));
  const { id } = await queue.enqueue({ handler: 'crawl', payload: { url: '/one', pages: 20 } });
  const program = start();
  await printed(program, '/one');
  program.signal('SIGTERM');
  expect(await program.exited).toBe(0);
  expect(program.printed()).toMatch(/stopped\n$/);
  expect(await queue.result(id)).toEqual({ pages: 20 });
});

test('graceful-worker.ts gives its job back on a second SIGTERM', async () => {
  const { home, start } = await example('graceful-worker.ts');
  const queue = new Queue(await openTestStore(home));
  const { id } = await queue.enqueue({ handler: 'crawl', payload: { url: '/one', pages: 1_000_000 } });
  const program = start();
  await printed(program, '/one');
  program.signal('SIGTERM');
  await printed(program, 'once more: now');
  program.signal('SIGTERM');
  expect(await program.exited).toBe(0);
  expect(await queue.get(id)).toMatchObject({ state: 'pending', attempts: 0, crashes: 0 });
});

test.skipIf(noPostgres !== undefined)(
  `order.ts stores the order and its job, or neither of them${whySkipped}`,
  async () => {
    const server = await startServer();
    onTestFinished(() => server.stop());
    const { start } = await example('order.ts');
    const program = start(await server.createDatabase());
    expect([await program.exited, program.printed()]).toEqual([0, 'nothing was ordered\n1 order, 1 job\n']);
  },
);

test('the transaction on the page of the API is that of order.ts', () => {
  const [page, program] = ['docs/api.md', 'examples/order.ts'].map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  const shown = /^```typescript\n(.*?)^```$/ms.exec(page ?? '')?.[1] ?? 'nothing';
  const lines = (text = ''): string[] => text.split('\n').map((line) => line.trim());
  expect(lines(program).join('\n')).toContain(lines(shown).join('\n').trim());
});
