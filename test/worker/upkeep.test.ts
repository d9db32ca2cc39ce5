/** What a worker does for the store beside its jobs. */
import { DatabaseSync } from '@photostructure/sqlite';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '../support/processes.js';
import { openTestQueue, startWorker } from '../support/workers.js';

const MIB = 1024 * 1024;

test('an idle worker cuts off the write-ahead log that a reader held back, once it is gone', async () => {
  const { queue, home } = await openTestQueue();
  const reader = new DatabaseSync(join(home, 'queue.db'));
  onTestFinished(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM meta').get();
  const later = { command: `echo ${'x'.repeat(2000)}`, delay: '1h' };
  for (let n = 0; n < 20; n++) await queue.enqueueMany(Array.from({ length: 500 }, () => later));
  const logBytes = (): number => statSync(join(home, 'queue.db-wal')).size;
  expect(logBytes()).toBeGreaterThan(16 * MIB);
  startWorker(queue);
  reader.exec('COMMIT');
  await waitUntil(() => logBytes() < MIB, { what: 'the log to be cut off' });
  expect(await queue.counts()).toMatchObject({ scheduled: 10_000 });
});
