import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NoteDrafts } from '../../src/worker/note-drafts.js';
import { openTestQueue, startWorker, storedText } from '../support/workers.js';

function directory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-drafts-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test('the file of a note that is over becomes the next one, and goes with its worker', () => {
  const dir = directory();
  const notes = new NoteDrafts(dir);
  const draft = notes.take();
  const note = join(dir, '1.1');
  writeFileSync(note, 'a note');
  notes.giveBack(draft, note);
  expect(existsSync(note)).toBe(false);
  expect(readFileSync(draft, 'utf8')).toBe('a note');
  expect(notes.take()).toBe(draft);
  // Two at a time never share one; a run that was never noted has left none.
  const other = notes.take();
  expect(other).not.toBe(draft);
  notes.giveBack(other, join(dir, '2.1'));
  notes.giveBack(draft, join(dir, '3.1'));
  notes.remove();
  expect(readdirSync(dir)).toEqual([]);
});

test('two workers of one home never use the same file', () => {
  const dir = directory();
  expect(new NoteDrafts(dir).take()).not.toBe(new NoteDrafts(dir).take());
});

test.runIf(process.platform === 'linux')(
  'a worker writes the notes of runs one after the other into one file, and leaves none',
  async () => {
    const { queue, over } = await openTestQueue();
    const { runDir } = queue.store;
    const { worker, ended } = startWorker(queue);
    const files = new Set<string>();
    for (let n = 0; n < 3; n++) {
      const command = `stat -c %i '${runDir}/'$QUEUECTL_JOB_ID.$QUEUECTL_RUN`;
      const job = await over((await queue.enqueue({ command })).id);
      expect(job).toMatchObject({ state: 'completed' });
      const [run] = await queue.runs(job);
      files.add(storedText(run) ?? '');
    }
    expect([...files]).toEqual([expect.stringMatching(/^\d+\n$/)]);
    worker.stop('gracefully');
    await ended;
    expect(readdirSync(runDir).filter((name) => !name.includes('.lock'))).toEqual([]);
  },
);
