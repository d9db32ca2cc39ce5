/** A program that dies takes its handlers' jobs with it: each has a crash counted, and runs again elsewhere. */
import { expect, test } from 'vitest';
import { MAX_CRASHES } from '../../src/job/decide.js';
import { startProgram } from '../support/programs.js';
import type { Program, Said } from '../support/programs.js';
import { openTestQueue } from '../support/workers.js';
import type { TestQueue } from '../support/workers.js';

const startBeside = (mode: string, { home, database }: TestQueue, options: Said): Promise<Program> =>
  startProgram(mode, { home: database ?? home, ...options }, { env: { QUEUECTL_HOME: home } });

const handlerProgram = (tested: TestQueue, options: Said): Promise<Program> =>
  startBeside('handler', tested, options);

test('a job whose handler kills its program has a crash counted, no attempt, and runs again in another', async () => {
  const tested = await openTestQueue();
  const { queue, over } = tested;
  const { id } = await queue.enqueue({ handler: 'task', payload: 'deadly', max_retries: 1 });
  const first = await handlerProgram(tested, { does: 'die' });
  expect(await first.next()).toEqual({ id, run: 1 });
  await first.exited;
  const second = await handlerProgram(tested, { does: 'return' });
  expect(await second.next()).toEqual({ id, run: 2 });
  const job = await over(id);
  expect(job).toMatchObject({ state: 'completed', crashes: 1, attempts: 0, run: 2 });
  expect(await queue.result(id)).toBe('run 2');
  expect(await queue.runs(job)).toMatchObject([
    { run: 1, outcome: 'lost', reason: 'lost: its worker died' },
    { run: 2, outcome: 'success', reason: null },
  ]);
  await second.finish();
});

test('so has each job that ran beside it; what was not claimed has none', async () => {
  const tested = await openTestQueue();
  const { queue, over } = tested;
  const payloads = ['harmless', 'harmless', 'deadly', 'later'];
  const stored = await queue.enqueueMany(payloads.map((payload) => ({ handler: 'task', payload })));
  const first = await handlerProgram(tested, { does: 'die', count: 3 });
  await first.exited;
  const second = await handlerProgram(tested, { does: 'return', count: 3 });
  const jobs = await Promise.all(stored.map(({ id }) => over(id)));
  expect(jobs.map(({ state, crashes, run }) => ({ state, crashes, run }))).toEqual([
    { state: 'completed', crashes: 1, run: 2 },
    { state: 'completed', crashes: 1, run: 2 },
    { state: 'completed', crashes: 1, run: 2 },
    { state: 'completed', crashes: 0, run: 1 },
  ]);
  await second.finish();
});

test('a job that was claimed and whose program was killed before it began has a crash counted, too', async () => {
  const tested = await openTestQueue();
  const { queue, over } = tested;
  const { id } = await queue.enqueue({ handler: 'task' });
  const holder = await startBeside('session', tested, { count: 1, handlers: ['task'] });
  expect((await holder.next())['claims']).toEqual([id]);
  await holder.kill();
  const second = await handlerProgram(tested, { does: 'return' });
  expect(await second.next()).toEqual({ id, run: 2 });
  expect(await over(id)).toMatchObject({ state: 'completed', crashes: 1, attempts: 0 });
  await second.finish();
});

test(`a job that kills its program is dead at the ${MAX_CRASHES}th time, whatever its retries are`, async () => {
  const tested = await openTestQueue();
  const { queue, over } = tested;
  const { id } = await queue.enqueue({ handler: 'task', payload: 'deadly', max_retries: 9 });
  for (let crash = 1; crash <= MAX_CRASHES; crash++) {
    const program = await handlerProgram(tested, { does: 'die' });
    expect(await program.next()).toEqual({ id, run: crash });
    await program.exited;
  }
  const { id: other } = await queue.enqueue({ handler: 'task', priority: -1 });
  const last = await handlerProgram(tested, { does: 'return' });
  expect(await last.next()).toEqual({ id: other, run: 1 });
  // The last program may have claimed before it looked for dead ones.
  expect(await over(id)).toMatchObject({ state: 'dead', crashes: MAX_CRASHES, attempts: 0 });
  await last.finish();
});
